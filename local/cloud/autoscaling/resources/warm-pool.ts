import { z } from 'zod';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { templateBoolean, templateNumber } from '../../template-values';
import type { AutoScaling } from '../auto-scaling';

const properties = z.object({
  AutoScalingGroupName: z.string(),
  MinSize: templateNumber.default(0),
  /** -1 is none. */
  MaxGroupPreparedCapacity: templateNumber.optional(),
  PoolState: z.enum(['Stopped', 'Running']).default('Stopped'),
  InstanceReusePolicy: z.object({ ReuseOnScaleIn: templateBoolean.default(false) }).optional(),
});

type Properties = z.infer<typeof properties>;

export function warmPoolResource(model: AutoScaling): ResourceType<Properties> {
  return {
    type: 'AWS::AutoScaling::WarmPool',
    properties,
    inert: [],
    create: put,
    update: put,
    remove({ properties }) {
      const group = model
        .groups()
        .find(({ state }) => state.settings.name === properties.AutoScalingGroupName);
      group?.setWarmPool(undefined);
    },
  };

  function put({ properties }: ResourceInput<Properties>): CreatedResource {
    const group = model.group(properties.AutoScalingGroupName);
    // Source: user guide, warm pools, limitations.
    if (group.state.settings.launch.mixedInstances) {
      throw new Error('a group with a mixed instances policy can not have a warm pool');
    }
    const most = properties.MaxGroupPreparedCapacity;
    group.setWarmPool({
      minSize: properties.MinSize,
      maxGroupPreparedCapacity: most !== undefined && most >= 0 ? most : undefined,
      poolState: properties.PoolState,
      reuseOnScaleIn: properties.InstanceReusePolicy?.ReuseOnScaleIn ?? false,
    });
    return { ref: properties.AutoScalingGroupName };
  }
}
