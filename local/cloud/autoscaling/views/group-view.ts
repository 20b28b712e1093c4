import type { AutoScalingGroup, TagDescription } from '@aws-sdk/client-auto-scaling';
import type { Group } from '../group';
import { warmPoolSize } from '../warm-pool';
import { instanceView } from './instance-view';
import { launchView } from './launch-view';
import { warmPoolView } from './warm-pool-view';

export function groupView(group: Group): AutoScalingGroup {
  const { state, warmPool } = group;
  const { settings } = state;
  return {
    AutoScalingGroupName: settings.name,
    AutoScalingGroupARN: state.arn,
    ...launchView(settings.launch, state.cloud.launchTemplates),
    MinSize: settings.minSize,
    MaxSize: settings.maxSize,
    DesiredCapacity: state.desired,
    DefaultCooldown: settings.defaultCooldownSeconds,
    AvailabilityZones: [...new Set(settings.subnets.map(({ availabilityZone }) => availabilityZone))],
    LoadBalancerNames: [],
    TargetGroupARNs: [...settings.targetGroupArns],
    HealthCheckType: settings.healthCheckType,
    HealthCheckGracePeriod: settings.healthCheckGracePeriodSeconds,
    Instances: [...state.instances.values()].filter(({ isWarm }) => !isWarm).map(instanceView),
    CreatedTime: new Date(state.createdAtMs),
    SuspendedProcesses: [...state.suspended].map((ProcessName) => ({
      ProcessName,
      SuspensionReason: 'User suspended',
    })),
    VPCZoneIdentifier: settings.subnets.flatMap(({ subnetId }) => subnetId ?? []).join(','),
    EnabledMetrics: (settings.enabledMetrics ?? []).map((Metric) => ({ Metric, Granularity: '1Minute' })),
    Tags: tagViews(group),
    TerminationPolicies: [...settings.terminationPolicies],
    NewInstancesProtectedFromScaleIn: settings.newInstancesProtectedFromScaleIn,
    CapacityRebalance: settings.capacityRebalance,
    DefaultInstanceWarmup: settings.defaultInstanceWarmupSeconds,
    InstanceLifecyclePolicy: {
      RetentionTriggers: { TerminateHookAbandon: settings.terminateHookAbandon },
    },
    ...(warmPool && {
      WarmPoolConfiguration: warmPoolView(warmPool),
      WarmPoolSize: warmPoolSize(warmPool, state),
    }),
  };
}

export function tagViews({ state }: Group): TagDescription[] {
  return state.settings.tags.map(({ key, value, propagateAtLaunch }) => ({
    ResourceId: state.settings.name,
    ResourceType: 'auto-scaling-group',
    Key: key,
    Value: value,
    PropagateAtLaunch: propagateAtLaunch,
  }));
}
