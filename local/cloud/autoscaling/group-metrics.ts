import type { GroupInstance } from './group-instance';
import type { GroupState } from './group-state';
import { warmPoolSize, type WarmPoolSettings } from './warm-pool';

/** Source: user guide, "Amazon CloudWatch metrics for Amazon EC2 Auto Scaling". */
export const GROUP_METRICS = [
  'GroupMinSize',
  'GroupMaxSize',
  'GroupDesiredCapacity',
  'GroupInServiceInstances',
  'GroupPendingInstances',
  'GroupStandbyInstances',
  'GroupTerminatingInstances',
  'GroupTotalInstances',
  'GroupInServiceCapacity',
  'GroupPendingCapacity',
  'GroupStandbyCapacity',
  'GroupTerminatingCapacity',
  'GroupTotalCapacity',
  'WarmPoolMinSize',
  'WarmPoolDesiredCapacity',
  'WarmPoolPendingCapacity',
  'WarmPoolTerminatingCapacity',
  'WarmPoolWarmedCapacity',
  'WarmPoolTotalCapacity',
  'GroupAndWarmPoolDesiredCapacity',
  'GroupAndWarmPoolTotalCapacity',
] as const;

/** Puts the group's metrics, as far as they are enabled. Called each minute. */
export function recordGroupMetrics(group: GroupState, pool: WarmPoolSettings | undefined): void {
  const { enabledMetrics, name } = group.settings;
  if (!enabledMetrics) return;
  const atMs = group.cloud.clock.nowMs();
  const values = { ...groupValues(group), ...(pool && poolValues(group, pool)) };
  group.cloud.metrics.record(
    Object.entries(values)
      .filter(([metric]) => enabledMetrics.includes(metric))
      .map(([metric, value]) => ({
        namespace: 'AWS/AutoScaling',
        name: metric,
        dimensions: { AutoScalingGroupName: name },
        value,
        atMs,
        unit: 'None',
      })),
  );
}

/** Retained instances count in none: they count for nothing in the group. */
function groupValues(group: GroupState): Record<string, number> {
  const own = [...group.instances.values()].filter(({ isWarm }) => !isWarm);
  const inService = count(own, ({ state }) => state === 'InService');
  const pending = count(own, ({ isPending }) => isPending);
  const terminating = count(own, ({ isTerminating }) => isTerminating);
  const total = inService + pending + terminating;
  return {
    GroupMinSize: group.settings.minSize,
    GroupMaxSize: group.settings.maxSize,
    GroupDesiredCapacity: group.desired,
    GroupInServiceInstances: inService,
    GroupPendingInstances: pending,
    GroupStandbyInstances: 0,
    GroupTerminatingInstances: terminating,
    GroupTotalInstances: total,
    GroupInServiceCapacity: inService,
    GroupPendingCapacity: pending,
    GroupStandbyCapacity: 0,
    GroupTerminatingCapacity: terminating,
    GroupTotalCapacity: total,
  };
}

function poolValues(group: GroupState, pool: WarmPoolSettings): Record<string, number> {
  const warm = [...group.instances.values()].filter(({ isWarm, isRetained }) => isWarm && !isRetained);
  const own = [...group.instances.values()].filter(({ isWarm, isRetained }) => !isWarm && !isRetained);
  const desired = warmPoolSize(pool, group);
  return {
    WarmPoolMinSize: pool.minSize,
    WarmPoolDesiredCapacity: desired,
    WarmPoolPendingCapacity: count(warm, ({ isPrepared, isTerminating }) => !isPrepared && !isTerminating),
    WarmPoolTerminatingCapacity: count(warm, ({ isTerminating }) => isTerminating),
    WarmPoolWarmedCapacity: count(warm, ({ isPrepared }) => isPrepared),
    WarmPoolTotalCapacity: warm.length,
    GroupAndWarmPoolDesiredCapacity: group.desired + desired,
    GroupAndWarmPoolTotalCapacity: own.length + warm.length,
  };
}

function count(instances: readonly GroupInstance[], fits: (instance: GroupInstance) => boolean): number {
  return instances.filter(fits).length;
}
