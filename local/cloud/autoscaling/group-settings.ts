import type { LaunchTemplateReference } from '../ec2/launch-templates';
import type { Market } from './group-instance';
import type { LifecycleHook } from './lifecycle-hook';

/** Which share of a group with mixed instances is bought how. */
export interface InstancesDistribution {
  /** @default 0 */
  onDemandBaseCapacity: number;
  /** Of what is above the base. @default 100 */
  onDemandPercentageAboveBaseCapacity: number;
}

export interface MixedInstances {
  /** In order of priority; the first is taken, since capacity never lacks here. */
  instanceTypes: readonly string[];
  distribution: InstancesDistribution;
}

/** What new instances are like. */
export interface LaunchConfiguration {
  template: LaunchTemplateReference;
  /** Undefined: the template's own type, on demand. */
  mixedInstances: MixedInstances | undefined;
}

export interface Subnet {
  /** Undefined when the group names zones only. */
  subnetId: string | undefined;
  availabilityZone: string;
}

/** A group as it was asked for. */
export interface GroupSettings {
  name: string;
  minSize: number;
  maxSize: number;
  /** Undefined: the minimum at creation; later what it is then. */
  desiredCapacity: number | undefined;
  launch: LaunchConfiguration;
  subnets: readonly Subnet[];
  targetGroupArns: readonly string[];
  hooks: readonly LifecycleHook[];
  /** `Default`, or a function's ARN first. */
  terminationPolicies: readonly string[];
  healthCheckType: string;
  healthCheckGracePeriodSeconds: number;
  /** Seconds; of simple scaling, and of step scaling's warm-up when no default warm-up is set. @default 300 */
  defaultCooldownSeconds: number;
  /** Undefined: not enabled. */
  defaultInstanceWarmupSeconds: number | undefined;
  capacityRebalance: boolean;
  newInstancesProtectedFromScaleIn: boolean;
  /** What an abandoned terminating hook leads to. */
  terminateHookAbandon: 'retain' | 'terminate';
  /** Names; undefined: no metrics. */
  enabledMetrics: readonly string[] | undefined;
  tags: readonly GroupTag[];
}

export interface GroupTag {
  key: string;
  value: string;
  propagateAtLaunch: boolean;
}

/** How many of `total` instances are to be on-demand. Source: user guide, "Mixed instances groups" (rounded up). */
export function onDemandShare({ mixedInstances }: LaunchConfiguration, total: number): number {
  if (!mixedInstances) return total;
  const { onDemandBaseCapacity: base, onDemandPercentageAboveBaseCapacity: percent } =
    mixedInstances.distribution;
  return Math.min(total, base) + Math.ceil((Math.max(0, total - base) * percent) / 100);
}

/** How the next instance is bought. */
export function nextMarket(launch: LaunchConfiguration, members: readonly { market: Market }[]): Market {
  const onDemand = members.filter(({ market }) => market === 'on-demand').length;
  return onDemand < onDemandShare(launch, members.length + 1) ? 'on-demand' : 'spot';
}
