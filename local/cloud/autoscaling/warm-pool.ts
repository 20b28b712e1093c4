import type { GroupState } from './group-state';

export interface WarmPoolSettings {
  /** @default 0 */
  minSize: number;
  /** Of group and pool together; undefined: the group's maximum. */
  maxGroupPreparedCapacity: number | undefined;
  /** @default Stopped */
  poolState: 'Stopped' | 'Running';
  /** @default false: what scales in ends */
  reuseOnScaleIn: boolean;
}

/**
 * How many instances wait beside the group. Source: user guide, "CloudWatch metrics for Auto Scaling",
 * `WarmPoolDesiredCapacity`.
 */
export function warmPoolSize(pool: WarmPoolSettings, group: GroupState): number {
  const prepared = pool.maxGroupPreparedCapacity ?? group.settings.maxSize;
  return Math.max(pool.minSize, prepared - group.desired, 0);
}
