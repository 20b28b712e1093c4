import { DescribeWarmPool$, type DescribeWarmPoolCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { page } from '../pages';
import { required } from '../required';
import { instanceView } from '../views/instance-view';
import { warmPoolView } from '../views/warm-pool-view';

/** A group without a pool has neither configuration nor instances. */
export function describeWarmPool(model: AutoScaling): Operation {
  return operation(DescribeWarmPool$, (input: DescribeWarmPoolCommandInput) => {
    const { state, warmPool } = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    const warm = [...state.instances.values()].filter(({ isWarm }) => isWarm);
    const { items, nextToken } = page(warm, input, { most: 50 });
    return {
      WarmPoolConfiguration: warmPool && warmPoolView(warmPool),
      Instances: items.map(instanceView),
      NextToken: nextToken,
    };
  });
}
