import { TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { completeHook, describeGroup, instanceIn, serveOne } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

function terminate(InstanceId: string, ShouldDecrementDesiredCapacity: boolean) {
  return target.autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity }),
  );
}

test('terminates through the hook, and makes the group smaller when it is told to', async () => {
  const InstanceId = await serveOne(target);
  const { Activity } = await terminate(InstanceId, true);
  expect(Activity?.Description).toBe(`Terminating EC2 instance: ${InstanceId}`);
  expect(Activity?.Cause).toMatch(
    /instance i-\w+ was taken out of service in response to a user request, shrinking the capacity from 1 to 0\./,
  );
  expect((await instanceIn(target, 'Terminating:Wait')).InstanceId).toBe(InstanceId);
  expect((await describeGroup(target)).DesiredCapacity).toBe(0);
});

test('ends a retained instance', async () => {
  const InstanceId = await serveOne(target);
  await terminate(InstanceId, true);
  await instanceIn(target, 'Terminating:Wait');
  await completeHook(target, 'TERMINATING', InstanceId, 'ABANDON');
  await instanceIn(target, 'Terminating:Retained');
  await terminate(InstanceId, false);
  await target.until('the end of the instance', async () => {
    const { Instances = [] } = await describeGroup(target);
    return Instances.some((instance) => instance.InstanceId === InstanceId) ? undefined : true;
  });
});

test('does not know an instance that is in no group', async () => {
  await expect(terminate('i-00000000000000000', false)).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringMatching(/not found/i) as string,
  });
});
