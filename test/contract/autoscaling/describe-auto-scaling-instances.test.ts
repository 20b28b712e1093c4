import { DescribeAutoScalingInstancesCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { serveOne } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('says of an instance whose it is and how it is', async () => {
  const InstanceId = await serveOne(target);
  const { AutoScalingInstances } = await target.autoScaling.send(
    new DescribeAutoScalingInstancesCommand({ InstanceIds: [InstanceId, 'i-00000000000000000'] }),
  );
  expect(AutoScalingInstances).toHaveLength(1);
  expect(AutoScalingInstances?.[0]).toMatchObject({
    InstanceId,
    AutoScalingGroupName: target.groupName,
    LifecycleState: 'InService',
    HealthStatus: 'HEALTHY',
    ProtectedFromScaleIn: false,
  });
});
