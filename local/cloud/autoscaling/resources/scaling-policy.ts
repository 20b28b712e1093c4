import { z } from 'zod';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { templateNumber } from '../../template-values';
import type { AutoScaling } from '../auto-scaling';
import { hex } from '../ids';
import { readStepRule } from '../read-step-rule';

const properties = z.object({
  AutoScalingGroupName: z.string(),
  PolicyType: z.literal('StepScaling'),
  AdjustmentType: z.string(),
  MetricAggregationType: z.string().default('Average'),
  EstimatedInstanceWarmup: templateNumber.optional(),
  MinAdjustmentMagnitude: templateNumber.optional(),
  StepAdjustments: z.array(
    z.object({
      MetricIntervalLowerBound: templateNumber.optional(),
      MetricIntervalUpperBound: templateNumber.optional(),
      ScalingAdjustment: templateNumber,
    }),
  ),
});

type Properties = z.infer<typeof properties>;

/** Alarms name it by its ARN, which is its `Ref`. */
export function scalingPolicyResource(model: AutoScaling): ResourceType<Properties> {
  const names = new Map<string, string>();

  function put({ stackName, logicalId, properties }: ResourceInput<Properties>): CreatedResource {
    const key = `${stackName}/${logicalId}`;
    const name = names.get(key) ?? `${stackName}-${logicalId}-${hex(model.cloud.random, 12).toUpperCase()}`;
    names.set(key, name);
    const policy = model.putPolicy(properties.AutoScalingGroupName, {
      name,
      ...readStepRule(properties),
      estimatedInstanceWarmupSeconds: properties.EstimatedInstanceWarmup,
      metricAggregationType: properties.MetricAggregationType,
    });
    return { ref: policy.arn, attributes: { Arn: policy.arn, PolicyName: name } };
  }

  return {
    type: 'AWS::AutoScaling::ScalingPolicy',
    properties,
    inert: [],
    create: put,
    update: put,
    remove({ stackName, logicalId, properties }) {
      const key = `${stackName}/${logicalId}`;
      const group = model
        .groups()
        .find(({ state }) => state.settings.name === properties.AutoScalingGroupName);
      group?.policies.delete(names.get(key) ?? '');
      names.delete(key);
    },
  };
}
