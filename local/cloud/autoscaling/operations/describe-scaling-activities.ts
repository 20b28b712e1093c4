import {
  DescribeScalingActivities$,
  type DescribeScalingActivitiesCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { page } from '../pages';
import { activityView } from '../views/activity-view';

/** Newest first. */
export function describeScalingActivities(model: AutoScaling): Operation {
  return operation(DescribeScalingActivities$, (input: DescribeScalingActivitiesCommandInput) => {
    const { ActivityIds: ids = [], AutoScalingGroupName: name } = input;
    const groups = name === undefined ? model.groups() : [model.group(name)];
    const all = groups
      .flatMap(({ state }) => state.activities.list().map((activity) => ({ activity, state })))
      .filter(({ activity }) => ids.length === 0 || ids.includes(activity.activityId));
    const { items, nextToken } = page(all, input, { usual: 100 });
    return {
      Activities: items.map(({ activity, state }) => activityView(activity, state)),
      NextToken: nextToken,
    };
  });
}
