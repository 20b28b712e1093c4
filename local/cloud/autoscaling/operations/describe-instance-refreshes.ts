import {
  DescribeInstanceRefreshes$,
  type DescribeInstanceRefreshesCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { page } from '../pages';
import { required } from '../required';
import { refreshView } from '../views/refresh-view';

/** Newest first. */
export function describeInstanceRefreshes(model: AutoScaling): Operation {
  return operation(DescribeInstanceRefreshes$, (input: DescribeInstanceRefreshesCommandInput) => {
    const { state, refreshes } = model.group(required(input.AutoScalingGroupName, 'AutoScalingGroupName'));
    const { InstanceRefreshIds: ids = [] } = input;
    const all = refreshes.filter(({ refreshId }) => ids.length === 0 || ids.includes(refreshId));
    const { items, nextToken } = page(all, input);
    return { InstanceRefreshes: items.map((refresh) => refreshView(refresh, state)), NextToken: nextToken };
  });
}
