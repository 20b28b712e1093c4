import {
  type AutoScalingGroup,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  type Instance,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import type { ContractTarget } from '../contract-target';

/** What several operations' contracts begin with, in calls of the API only. */
export async function describeGroup({ autoScaling, groupName }: ContractTarget): Promise<AutoScalingGroup> {
  const { AutoScalingGroups = [] } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
  );
  const [group] = AutoScalingGroups;
  if (!group) throw new Error(`there is no group ${groupName}`);
  return group;
}

export async function hookName(
  { autoScaling, groupName }: ContractTarget,
  transition: 'LAUNCHING' | 'TERMINATING',
): Promise<string> {
  const { LifecycleHooks = [] } = await autoScaling.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName: groupName }),
  );
  const hook = LifecycleHooks.find(({ LifecycleTransition }) => LifecycleTransition?.endsWith(transition));
  if (!hook?.LifecycleHookName) throw new Error(`the group has no hook for ${transition}`);
  return hook.LifecycleHookName;
}

export async function setDesired(
  { autoScaling, groupName }: ContractTarget,
  capacity: number,
): Promise<void> {
  await autoScaling.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: groupName, DesiredCapacity: capacity }),
  );
}

export async function instanceIn(
  target: ContractTarget,
  state: string,
): Promise<Instance & { InstanceId: string }> {
  return target.until(`an instance in ${state}`, async () => {
    const { Instances = [] } = await describeGroup(target);
    const found = Instances.find(({ LifecycleState }) => LifecycleState === state);
    return found?.InstanceId === undefined ? undefined : { ...found, InstanceId: found.InstanceId };
  });
}

export async function completeHook(
  target: ContractTarget,
  transition: 'LAUNCHING' | 'TERMINATING',
  instanceId: string,
  result: 'CONTINUE' | 'ABANDON' = 'CONTINUE',
): Promise<void> {
  await target.autoScaling.send(
    new CompleteLifecycleActionCommand({
      AutoScalingGroupName: target.groupName,
      LifecycleHookName: await hookName(target, transition),
      InstanceId: instanceId,
      LifecycleActionResult: result,
    }),
  );
}

/** One instance in service. */
export async function serveOne(target: ContractTarget): Promise<string> {
  await setDesired(target, 1);
  const { InstanceId } = await instanceIn(target, 'Pending:Wait');
  await completeHook(target, 'LAUNCHING', InstanceId);
  await instanceIn(target, 'InService');
  return InstanceId;
}
