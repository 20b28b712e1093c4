import {
  DescribeAutoScalingInstances$,
  type DescribeAutoScalingInstancesCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { page } from '../pages';
import { instanceDetailsView } from '../views/instance-view';

export function describeAutoScalingInstances(model: AutoScaling): Operation {
  return operation(DescribeAutoScalingInstances$, (input: DescribeAutoScalingInstancesCommandInput) => {
    const { InstanceIds: ids = [] } = input;
    const all = model
      .groups()
      .flatMap(({ state }) =>
        [...state.instances.values()]
          .filter(({ instanceId }) => ids.length === 0 || ids.includes(instanceId))
          .map((instance) => instanceDetailsView(instance, state.settings.name)),
      );
    const { items, nextToken } = page(all, input, { most: 50 });
    return { AutoScalingInstances: items, NextToken: nextToken };
  });
}
