import {
  DescribeScheduledActions$,
  type DescribeScheduledActionsCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { page } from '../pages';
import { scheduledActionView } from '../views/scheduled-action-view';

export function describeScheduledActions(model: AutoScaling): Operation {
  return operation(DescribeScheduledActions$, (input: DescribeScheduledActionsCommandInput) => {
    const { AutoScalingGroupName: name, ScheduledActionNames: names = [] } = input;
    const groups = name === undefined ? model.groups() : [model.group(name)];
    const all = groups.flatMap(({ scheduledActions, state }) =>
      scheduledActions
        .list()
        .filter((action) => names.length === 0 || names.includes(action.name))
        .map((action) => scheduledActionView(action, state.settings.name)),
    );
    const { items, nextToken } = page(all, input);
    return { ScheduledUpdateGroupActions: items, NextToken: nextToken };
  });
}
