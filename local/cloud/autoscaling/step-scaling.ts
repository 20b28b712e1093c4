export type AdjustmentType = 'ChangeInCapacity' | 'ExactCapacity' | 'PercentChangeInCapacity';

/** Bounds are relative to the alarm's threshold; undefined is infinite. */
export interface StepAdjustment {
  lowerBound: number | undefined;
  upperBound: number | undefined;
  adjustment: number;
}

export interface StepRule {
  adjustmentType: AdjustmentType;
  steps: readonly StepAdjustment[];
  /** Of `PercentChangeInCapacity`. */
  minAdjustmentMagnitude: number | undefined;
}

export interface StepFacts {
  metricValue: number;
  threshold: number;
  desired: number;
  min: number;
  max: number;
  /** In service and past their warm-up. */
  ready: number;
  /** On their way into service, or warming up. */
  warming: number;
  /** On their way out, without retained ones. */
  terminating: number;
}

export interface StepDecision {
  desired: number;
  /** What the step says, before warm-up and limits. */
  adjustment: number;
  outcome: 'scaled' | 'no step' | 'nothing to add' | 'nothing to remove' | 'warming up' | 'at the limit';
}

/**
 * The desired capacity that a step scaling policy leads to.
 * Source of all rules: user guide, "Step and simple scaling policies for Amazon EC2 Auto Scaling".
 */
export function decideStep(rule: StepRule, facts: StepFacts): StepDecision {
  const { desired, min, max } = facts;
  const step = stepFor(rule.steps, facts.metricValue, facts.threshold);
  if (!step) return { desired, adjustment: 0, outcome: 'no step' };
  const adds = isScaleOut(rule, step.adjustment, desired);
  // Instances that warm up do not count while scaling out, so that the same breach adds nothing twice; instances that
  // terminate count while scaling in, so that no more are removed than needed. More than is desired (while instances
  // are replaced) is no capacity to add to: the rules name no such case.
  const current = adds
    ? Math.min(facts.ready, desired)
    : Math.max(facts.ready + facts.warming, desired) + facts.terminating;
  const wanted = apply(rule, step.adjustment, current);
  const adjustment = wanted - current;
  if (adds) {
    const limited = Math.min(wanted, max);
    if (limited > desired) return { desired: limited, adjustment, outcome: 'scaled' };
    return { desired, adjustment, outcome: wanted > desired ? 'at the limit' : 'nothing to add' };
  }
  // "A scale-in activity can't start while a scale-out activity is in progress", and none while instances warm up.
  if (facts.warming > 0) return { desired, adjustment, outcome: 'warming up' };
  const limited = Math.max(wanted, min);
  if (limited < desired) return { desired: limited, adjustment, outcome: 'scaled' };
  return { desired, adjustment, outcome: wanted < desired ? 'at the limit' : 'nothing to remove' };
}

/** Above the threshold lower bounds are inclusive and upper ones exclusive; below it is the other way round. */
function stepFor(
  steps: readonly StepAdjustment[],
  metricValue: number,
  threshold: number,
): StepAdjustment | undefined {
  const breach = metricValue - threshold;
  const inside = ({ lowerBound = -Infinity, upperBound = Infinity }: StepAdjustment) =>
    breach >= 0 ? breach >= lowerBound && breach < upperBound : breach > lowerBound && breach <= upperBound;
  // On the threshold itself, an alarm on `LessThanOrEqualToThreshold` has breached too: then the step that ends there.
  return steps.find(inside) ?? (breach === 0 ? steps.find(({ upperBound }) => upperBound === 0) : undefined);
}

function isScaleOut({ adjustmentType }: StepRule, adjustment: number, desired: number): boolean {
  return adjustmentType === 'ExactCapacity' ? adjustment >= desired : adjustment >= 0;
}

function apply(rule: StepRule, adjustment: number, current: number): number {
  switch (rule.adjustmentType) {
    case 'ChangeInCapacity':
      return current + adjustment;
    case 'ExactCapacity':
      return adjustment;
    case 'PercentChangeInCapacity': {
      if (adjustment === 0) return current;
      const size = Math.abs((current * adjustment) / 100);
      // Below one it is one, above it is rounded towards zero.
      const rounded = size > 1 ? Math.floor(size) : 1;
      return current + Math.sign(adjustment) * Math.max(rounded, rule.minAdjustmentMagnitude ?? 0);
    }
  }
}
