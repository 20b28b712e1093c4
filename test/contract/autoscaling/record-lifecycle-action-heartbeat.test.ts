import { RecordLifecycleActionHeartbeatCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { hookName, instanceIn, setDesired } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

async function heartbeat(InstanceId: string) {
  return target.autoScaling.send(
    new RecordLifecycleActionHeartbeatCommand({
      AutoScalingGroupName: target.groupName,
      LifecycleHookName: await hookName(target, 'LAUNCHING'),
      InstanceId,
    }),
  );
}

test('is accepted while the action waits', async () => {
  await setDesired(target, 1);
  const { InstanceId } = await instanceIn(target, 'Pending:Wait');
  await heartbeat(InstanceId);
  expect((await instanceIn(target, 'Pending:Wait')).InstanceId).toBe(InstanceId);
});

test('is refused when nothing waits', async () => {
  await expect(heartbeat('i-00000000000000000')).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'No active Lifecycle Action found with instance ID i-00000000000000000',
  });
});
