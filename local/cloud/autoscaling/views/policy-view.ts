import type { ScalingPolicy as PolicyShape } from '@aws-sdk/client-auto-scaling';
import type { ScalingPolicy } from '../scaling-policy';

/** Which alarms lead to it only CloudWatch knows here: the list stays empty. */
export function policyView(policy: ScalingPolicy, groupName: string): PolicyShape {
  return {
    AutoScalingGroupName: groupName,
    PolicyName: policy.name,
    PolicyARN: policy.arn,
    PolicyType: 'StepScaling',
    AdjustmentType: policy.adjustmentType,
    MinAdjustmentMagnitude: policy.minAdjustmentMagnitude,
    EstimatedInstanceWarmup: policy.estimatedInstanceWarmupSeconds,
    MetricAggregationType: policy.metricAggregationType,
    StepAdjustments: policy.steps.map(({ lowerBound, upperBound, adjustment }) => ({
      MetricIntervalLowerBound: lowerBound,
      MetricIntervalUpperBound: upperBound,
      ScalingAdjustment: adjustment,
    })),
    Alarms: [],
    Enabled: true,
  };
}
