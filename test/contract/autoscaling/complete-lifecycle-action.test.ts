import { CompleteLifecycleActionCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { completeHook, hookName, instanceIn, serveOne, setDesired } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('CONTINUE of a launch brings an instance into service', async () => {
  await setDesired(target, 1);
  const { InstanceId } = await instanceIn(target, 'Pending:Wait');
  await completeHook(target, 'LAUNCHING', InstanceId);
  expect((await instanceIn(target, 'InService')).InstanceId).toBe(InstanceId);
});

test('an action that is over can not be completed', async () => {
  const InstanceId = await serveOne(target);
  await expect(completeHook(target, 'LAUNCHING', InstanceId)).rejects.toMatchObject({
    name: 'ValidationError',
    message: `No active Lifecycle Action found with instance ID ${InstanceId}`,
  });
});

test('a token that is unknown completes nothing', async () => {
  const call = target.autoScaling.send(
    new CompleteLifecycleActionCommand({
      AutoScalingGroupName: target.groupName,
      LifecycleHookName: await hookName(target, 'LAUNCHING'),
      LifecycleActionToken: '00000000-0000-4000-a000-000000000000',
      LifecycleActionResult: 'CONTINUE',
    }),
  );
  await expect(call).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringMatching(/^No active Lifecycle Action found with token/) as string,
  });
});
