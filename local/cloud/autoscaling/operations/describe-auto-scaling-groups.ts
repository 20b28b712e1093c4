import {
  DescribeAutoScalingGroups$,
  type DescribeAutoScalingGroupsCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import type { GroupTag } from '../group-settings';
import { page } from '../pages';
import { invalid } from '../required';
import { groupView } from '../views/group-view';

/** Names that are unknown are left out. Retained instances are shown; those of the warm pool are not. */
export function describeAutoScalingGroups(model: AutoScaling): Operation {
  return operation(DescribeAutoScalingGroups$, (input: DescribeAutoScalingGroupsCommandInput) => {
    const { AutoScalingGroupNames: names = [], Filters: filters = [], IncludeInstances = true } = input;
    const groups = model.groups().filter(({ state: { settings } }) => {
      if (names.length > 0 && !names.includes(settings.name)) return false;
      return filters.every(({ Name = '', Values = [] }) => settings.tags.some(fits(Name, Values)));
    });
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

/** Source: API reference, DescribeAutoScalingGroups, Filters. */
function fits(filter: string, values: readonly string[]): (tag: GroupTag) => boolean {
  if (filter === 'tag-key') return ({ key }) => values.includes(key);
  if (filter === 'tag-value') return ({ value }) => values.includes(value);
  if (!filter.startsWith('tag:')) invalid(`Filter type ${filter} is not correct.`);
  return ({ key, value }) => key === filter.slice('tag:'.length) && values.includes(value);
}
