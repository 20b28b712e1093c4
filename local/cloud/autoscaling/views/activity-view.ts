import type { Activity as ActivityShape } from '@aws-sdk/client-auto-scaling';
import type { Activity } from '../activities';
import type { GroupState } from '../group-state';

export function activityView(activity: Activity, group: GroupState): ActivityShape {
  const { subnetId, availabilityZone, endedAtMs } = activity;
  return {
    ActivityId: activity.activityId,
    AutoScalingGroupName: group.settings.name,
    AutoScalingGroupARN: group.arn,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startedAtMs),
    EndTime: endedAtMs === undefined ? undefined : new Date(endedAtMs),
    StatusCode: activity.status,
    StatusMessage: activity.statusMessage,
    Progress: activity.progress,
    Details: JSON.stringify({ 'Subnet ID': subnetId, 'Availability Zone': availabilityZone }),
  };
}
