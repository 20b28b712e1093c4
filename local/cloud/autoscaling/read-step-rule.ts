import type { StepAdjustment as StepShape } from '@aws-sdk/client-auto-scaling';
import { invalid, required } from './required';
import type { AdjustmentType, StepRule } from './step-scaling';

const ADJUSTMENT_TYPES: readonly AdjustmentType[] = [
  'ChangeInCapacity',
  'ExactCapacity',
  'PercentChangeInCapacity',
];

/** The steps of a policy, checked as the service does. Source: user guide, step adjustments. @throws ServiceError */
export function readStepRule(input: {
  AdjustmentType?: string | undefined;
  StepAdjustments?: readonly StepShape[] | undefined;
  MinAdjustmentMagnitude?: number | undefined;
}): StepRule {
  const type = required(input.AdjustmentType, 'AdjustmentType');
  const adjustmentType =
    ADJUSTMENT_TYPES.find((known) => known === type) ?? invalid(`AdjustmentType ${type} is not valid`);
  if (input.MinAdjustmentMagnitude !== undefined && adjustmentType !== 'PercentChangeInCapacity') {
    invalid('MinAdjustmentMagnitude is only supported for AdjustmentType PercentChangeInCapacity');
  }
  const steps = (input.StepAdjustments ?? []).map((step) => ({
    lowerBound: step.MetricIntervalLowerBound,
    upperBound: step.MetricIntervalUpperBound,
    adjustment: required(step.ScalingAdjustment, 'ScalingAdjustment'),
  }));
  if (steps.length === 0) invalid('At least one StepAdjustment must be specified');
  checkIntervals(steps);
  return { adjustmentType, steps, minAdjustmentMagnitude: input.MinAdjustmentMagnitude };
}

function checkIntervals(steps: StepRule['steps']): void {
  const sorted = [...steps].sort((a, b) => (a.lowerBound ?? -Infinity) - (b.lowerBound ?? -Infinity));
  sorted.forEach(({ lowerBound, upperBound }, index) => {
    if (lowerBound === undefined && upperBound === undefined && sorted.length > 1) {
      invalid('The upper and lower bounds of a StepAdjustment cannot both be unspecified');
    }
    if (lowerBound !== undefined && upperBound !== undefined && lowerBound >= upperBound) {
      invalid('The lower bound of a StepAdjustment must be below its upper bound');
    }
    const previous = sorted[index - 1];
    if (previous && previous.upperBound !== lowerBound) {
      invalid('StepAdjustment intervals must not overlap or have gaps between them');
    }
  });
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first?.lowerBound !== undefined && first.lowerBound < 0) {
    invalid('If a StepAdjustment has a negative lower bound, one must have no lower bound');
  }
  if (last?.upperBound !== undefined && last.upperBound > 0) {
    invalid('If a StepAdjustment has a positive upper bound, one must have no upper bound');
  }
}
