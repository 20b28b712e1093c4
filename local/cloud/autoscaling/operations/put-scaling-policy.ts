import { PutScalingPolicy$, type PutScalingPolicyCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { readStepRule } from '../read-step-rule';
import { invalid, required } from '../required';

/** Replaces one of the same name. Only step scaling is played. */
export function putScalingPolicy(model: AutoScaling): Operation {
  return operation(PutScalingPolicy$, (input: PutScalingPolicyCommandInput) => {
    const groupName = required(input.AutoScalingGroupName, 'AutoScalingGroupName');
    const name = required(input.PolicyName, 'PolicyName');
    const { PolicyType: type = 'SimpleScaling' } = input;
    if (type !== 'StepScaling') invalid(`the local cloud plays no scaling policies of type ${type}`);
    const policy = model.putPolicy(groupName, {
      name,
      ...readStepRule(input),
      estimatedInstanceWarmupSeconds: input.EstimatedInstanceWarmup,
      metricAggregationType: input.MetricAggregationType ?? 'Average',
    });
    return { PolicyARN: policy.arn, Alarms: [] };
  });
}
