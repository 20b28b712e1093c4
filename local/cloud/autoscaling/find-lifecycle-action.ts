import { ServiceError } from '../wire/service-error';
import type { AutoScaling } from './auto-scaling';
import type { Group } from './group';
import type { GroupInstance } from './group-instance';
import type { LifecycleAction } from './lifecycle-action';
import { invalid, required } from './required';

/** Who names an action: its group, its hook, and its token or the instance that it holds. */
export interface LifecycleActionName {
  AutoScalingGroupName?: string | undefined;
  LifecycleHookName?: string | undefined;
  LifecycleActionToken?: string | undefined;
  InstanceId?: string | undefined;
}

export interface FoundLifecycleAction {
  group: Group;
  instance: GroupInstance;
  action: LifecycleAction;
}

/** @throws ServiceError when nothing of that name waits */
export function findLifecycleAction(model: AutoScaling, name: LifecycleActionName): FoundLifecycleAction {
  const group = model.group(required(name.AutoScalingGroupName, 'AutoScalingGroupName'));
  const hookName = required(name.LifecycleHookName, 'LifecycleHookName');
  const { LifecycleActionToken: token, InstanceId: instanceId } = name;
  if (token === undefined && instanceId === undefined) {
    invalid('Either a lifecycle action token or an instance ID must be specified.');
  }
  for (const instance of group.state.instances.values()) {
    if (instanceId !== undefined && instance.instanceId !== instanceId) continue;
    const action = instance.actions.find(
      ({ hook, token: own }) => hook.name === hookName && (token === undefined || own === token),
    );
    if (action) return { group, instance, action };
  }
  throw new ServiceError(
    'ValidationError',
    instanceId === undefined
      ? `No active Lifecycle Action found with token ${token}`
      : `No active Lifecycle Action found with instance ID ${instanceId}`,
  );
}
