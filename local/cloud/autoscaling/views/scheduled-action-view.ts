import type { ScheduledUpdateGroupAction } from '@aws-sdk/client-auto-scaling';
import type { ScheduledAction } from '../scheduled-action';

export function scheduledActionView(action: ScheduledAction, groupName: string): ScheduledUpdateGroupAction {
  const start = action.startAtMs === undefined ? undefined : new Date(action.startAtMs);
  return {
    AutoScalingGroupName: groupName,
    ScheduledActionName: action.name,
    ScheduledActionARN: action.arn,
    Recurrence: action.recurrence,
    TimeZone: action.recurrence === undefined ? undefined : action.timeZone,
    MinSize: action.minSize,
    MaxSize: action.maxSize,
    DesiredCapacity: action.desiredCapacity,
    StartTime: start,
    Time: start,
    EndTime: action.endAtMs === undefined ? undefined : new Date(action.endAtMs),
  };
}
