import type { AlarmTrigger } from '../ports/alarm-action';
import type { GroupState } from './group-state';
import { decideStep, type StepRule } from './step-scaling';

/** A step scaling policy. */
export interface ScalingPolicy extends StepRule {
  readonly arn: string;
  readonly name: string;
  /** Undefined: the group's default warm-up. Overrides it. */
  readonly estimatedInstanceWarmupSeconds: number | undefined;
  readonly metricAggregationType: string;
}

/** What runs a policy: an alarm, or somebody by ExecutePolicy. */
export type PolicyTrigger = Pick<AlarmTrigger, 'metricValue' | 'threshold'> & {
  /** Undefined for ExecutePolicy. */
  alarmName: string | undefined;
};

/** Carries out a policy: changes the group's desired capacity, or not. */
export function executePolicy(group: GroupState, policy: ScalingPolicy, trigger: PolicyTrigger): void {
  const note = (adjustment: number, outcome: string) =>
    group.cloud.journal.add({
      kind: 'policy',
      policyName: policy.name,
      alarmName: trigger.alarmName ?? '',
      adjustment,
      outcome,
    });
  if (trigger.metricValue === undefined) {
    // Without a value there is no breach whose size could choose a step.
    note(0, 'no value');
    return;
  }
  const warmupSeconds = policy.estimatedInstanceWarmupSeconds ?? dynamicWarmupSeconds(group);
  const nowMs = group.cloud.clock.nowMs();
  const members = group.members();
  const ready = members.filter((instance) => instance.isWarmedUp(warmupSeconds, nowMs)).length;
  const decision = decideStep(policy, {
    metricValue: trigger.metricValue,
    threshold: trigger.threshold,
    desired: group.desired,
    min: group.settings.minSize,
    max: group.settings.maxSize,
    ready,
    // An instance that is desired and not yet launched is a scale-out in progress as well.
    warming: Math.max(members.length, group.desired) - ready,
    terminating: [...group.instances.values()].filter(({ isTerminating, isWarm }) => isTerminating && !isWarm)
      .length,
  });
  note(decision.adjustment, decision.outcome);
  const because =
    trigger.alarmName === undefined
      ? `a user request executed policy ${policy.name}`
      : `a monitor alarm ${trigger.alarmName} in state ALARM triggered policy ${policy.name}`;
  group.setDesired(decision.desired, because);
}

/** Source: user guide, "Set the default instance warmup": without one, step scaling takes the default cooldown. */
function dynamicWarmupSeconds({ settings }: GroupState): number {
  return settings.defaultInstanceWarmupSeconds ?? settings.defaultCooldownSeconds;
}
