import { DescribeTags$, type DescribeTagsCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { page } from '../pages';
import { invalid } from '../required';
import { tagViews } from '../views/group-view';

export function describeTags(model: AutoScaling): Operation {
  return operation(DescribeTags$, (input: DescribeTagsCommandInput) => {
    const all = model
      .groups()
      .flatMap(tagViews)
      .filter((tag) =>
        (input.Filters ?? []).every(({ Name, Values = [] }) => {
          switch (Name) {
            case 'auto-scaling-group':
              return Values.includes(tag.ResourceId ?? '');
            case 'key':
              return Values.includes(tag.Key ?? '');
            case 'value':
              return Values.includes(tag.Value ?? '');
            case 'propagate-at-launch':
              return Values.includes(String(tag.PropagateAtLaunch));
            default:
              return invalid(
                `Filter type ${Name} is not correct. Allowed Filter types are: auto-scaling-group key value propagate-at-launch`,
              );
          }
        }),
      );
    const { items, nextToken } = page(all, input);
    return { Tags: items, NextToken: nextToken };
  });
}
