import { z } from 'zod';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { templateNumber } from '../../template-values';
import type { AutoScaling } from '../auto-scaling';
import { hex, uuid } from '../ids';
import { nextRunMs, type ScheduledAction } from '../scheduled-action';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const properties = z.object({
  AutoScalingGroupName: z.string(),
  MinSize: templateNumber.optional(),
  MaxSize: templateNumber.optional(),
  DesiredCapacity: templateNumber.optional(),
  Recurrence: z.string().optional(),
  TimeZone: z.string().default('Etc/UTC'),
  StartTime: time.optional(),
  EndTime: time.optional(),
});

type Properties = z.infer<typeof properties>;

export function scheduledActionResource(model: AutoScaling): ResourceType<Properties> {
  const names = new Map<string, string>();
  return {
    type: 'AWS::AutoScaling::ScheduledAction',
    properties,
    inert: [],
    create: put,
    update: put,
    remove({ stackName, logicalId, properties }) {
      const key = `${stackName}/${logicalId}`;
      const group = model
        .groups()
        .find(({ state }) => state.settings.name === properties.AutoScalingGroupName);
      group?.scheduledActions.remove(names.get(key) ?? '');
      names.delete(key);
    },
  };

  function put({ stackName, logicalId, properties }: ResourceInput<Properties>): CreatedResource {
    const { identity, random, clock } = model.cloud;
    const key = `${stackName}/${logicalId}`;
    const name = names.get(key) ?? `${stackName}-${logicalId}-${hex(random, 12).toUpperCase()}`;
    names.set(key, name);
    const groupName = properties.AutoScalingGroupName;
    const action: ScheduledAction = {
      arn:
        `arn:${identity.partition}:autoscaling:${identity.region}:${identity.account}:scheduledUpdateGroupAction:` +
        `${uuid(random)}:autoScalingGroupName/${groupName}:scheduledActionName/${name}`,
      name,
      minSize: properties.MinSize,
      maxSize: properties.MaxSize,
      desiredCapacity: properties.DesiredCapacity,
      recurrence: properties.Recurrence,
      timeZone: properties.TimeZone,
      startAtMs: properties.StartTime,
      endAtMs: properties.EndTime,
    };
    // A recurrence or zone that is none fails here, not at its time.
    nextRunMs(action, clock.nowMs());
    model.group(groupName).scheduledActions.put(action);
    return { ref: name, attributes: { ScheduledActionName: name } };
  }
}
