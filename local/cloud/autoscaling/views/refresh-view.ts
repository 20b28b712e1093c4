import type { InstanceRefresh as RefreshShape } from '@aws-sdk/client-auto-scaling';
import type { GroupState } from '../group-state';
import type { InstanceRefresh } from '../instance-refresh';
import { launchView } from './launch-view';

export function refreshView(refresh: InstanceRefresh, group: GroupState): RefreshShape {
  const { preferences, desiredConfiguration } = refresh;
  return {
    InstanceRefreshId: refresh.refreshId,
    AutoScalingGroupName: group.settings.name,
    Status: refresh.status,
    StatusReason: refresh.statusReason,
    StartTime: new Date(refresh.startedAtMs),
    EndTime: refresh.endedAtMs === undefined ? undefined : new Date(refresh.endedAtMs),
    PercentageComplete: refresh.percentageComplete,
    InstancesToUpdate: refresh.instancesToUpdate,
    Preferences: {
      MinHealthyPercentage: preferences.minHealthyPercentage,
      MaxHealthyPercentage: preferences.maxHealthyPercentage,
      InstanceWarmup: preferences.instanceWarmupSeconds,
      SkipMatching: preferences.skipMatching,
      BakeTime: preferences.bakeTimeSeconds,
      AutoRollback: preferences.autoRollback,
      ScaleInProtectedInstances: preferences.scaleInProtectedInstances,
      StandbyInstances: 'Wait',
      ...(preferences.alarms.length > 0 && { AlarmSpecification: { Alarms: [...preferences.alarms] } }),
    },
    ...(desiredConfiguration && {
      DesiredConfiguration: launchView(desiredConfiguration, group.cloud.launchTemplates),
    }),
  };
}
