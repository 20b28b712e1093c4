import { SetInstanceProtectionCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { describeGroup, serveOne, setDesired } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('keeps a scale-in away from an instance', async () => {
  const InstanceId = await serveOne(target);
  await target.autoScaling.send(
    new SetInstanceProtectionCommand({
      AutoScalingGroupName: target.groupName,
      InstanceIds: [InstanceId],
      ProtectedFromScaleIn: true,
    }),
  );
  await setDesired(target, 0);
  const { Instances, DesiredCapacity } = await describeGroup(target);
  expect(DesiredCapacity).toBe(0);
  expect(Instances).toMatchObject([{ InstanceId, LifecycleState: 'InService', ProtectedFromScaleIn: true }]);
});

test('refuses an instance that is not in the group', async () => {
  const call = target.autoScaling.send(
    new SetInstanceProtectionCommand({
      AutoScalingGroupName: target.groupName,
      InstanceIds: ['i-00000000000000000'],
      ProtectedFromScaleIn: true,
    }),
  );
  await expect(call).rejects.toMatchObject({ name: 'ValidationError' });
});
