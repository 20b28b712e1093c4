import { ExecutePolicy$, type ExecutePolicyCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { invalid, required } from '../required';
import { executePolicy as execute } from '../scaling-policy';

/** As if the metric were at a value, and an alarm at a threshold. */
export function executePolicy(model: AutoScaling): Operation {
  return operation(ExecutePolicy$, (input: ExecutePolicyCommandInput) => {
    const name = required(input.PolicyName, 'PolicyName');
    const found = name.startsWith('arn:')
      ? model.findPolicy(name)
      : findByName(model, required(input.AutoScalingGroupName, 'AutoScalingGroupName'), name);
    if (!found) return invalid(`PolicyName not found - no scaling policy ${name}`);
    // "Required if the policy type is StepScaling". Source: API reference, ExecutePolicy.
    const metricValue = required(input.MetricValue, 'MetricValue');
    const threshold = required(input.BreachThreshold, 'BreachThreshold');
    execute(found.group.state, found.policy, { alarmName: undefined, metricValue, threshold });
    found.group.reconcile();
    return undefined;
  });
}

function findByName(model: AutoScaling, groupName: string, name: string) {
  const group = model.group(groupName);
  const policy = group.policies.get(name);
  return policy && { group, policy };
}
