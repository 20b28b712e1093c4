import { SetInstanceProtection$, type SetInstanceProtectionCommandInput } from '@aws-sdk/client-auto-scaling';
import { operation, type Operation } from '../../wire/operation';
import type { AutoScaling } from '../auto-scaling';
import { invalid, required } from '../required';

/** All or none. */
export function setInstanceProtection(model: AutoScaling): Operation {
  return operation(SetInstanceProtection$, (input: SetInstanceProtectionCommandInput) => {
    const name = required(input.AutoScalingGroupName, 'AutoScalingGroupName');
    const group = model.group(name);
    const ids = required(input.InstanceIds, 'InstanceIds');
    const isProtected = required(input.ProtectedFromScaleIn, 'ProtectedFromScaleIn');
    const instances = ids.map((id) => {
      const instance = group.state.instances.get(id);
      if (!instance) return invalid(`The instance ${id} is not part of Auto Scaling group ${name}.`);
      if (instance.isMember || instance.isPrepared) return instance;
      return invalid(`The instance ${id} is not in InService or EnteringStandby or Standby.`);
    });
    for (const instance of instances) instance.isProtectedFromScaleIn = isProtected;
    group.reconcile();
  });
}
