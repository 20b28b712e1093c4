import {
  DescribeAutoScalingGroups$,
  type DescribeAutoScalingGroupsCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { page } from '../pages';
import { groupView } from '../views/group-view';

/** Names that are unknown are left out. Retained instances are shown; those of the warm pool are not. */
export function describeAutoScalingGroups(model: AutoScaling): Operation {
  return operation(DescribeAutoScalingGroups$, (input: DescribeAutoScalingGroupsCommandInput) => {
    const { AutoScalingGroupNames: names = [], IncludeInstances = true } = input;
    const groups = model
      .groups()
      .filter(({ state }) => names.length === 0 || names.includes(state.settings.name));
    const { items, nextToken } = page(groups, input);
    return {
      AutoScalingGroups: items.map((group) => ({
        ...groupView(group),
        ...(!IncludeInstances && { Instances: [] }),
      })),
      NextToken: nextToken,
    };
  });
}
