import { DescribeInstanceRefreshesCommand, StartInstanceRefreshCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { serveOne } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('shows a refresh with its preferences', async () => {
  await serveOne(target);
  const { InstanceRefreshId } = await target.autoScaling.send(
    new StartInstanceRefreshCommand({
      AutoScalingGroupName: target.groupName,
      Preferences: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200, SkipMatching: true },
    }),
  );
  const { InstanceRefreshes = [] } = await target.autoScaling.send(
    new DescribeInstanceRefreshesCommand({
      AutoScalingGroupName: target.groupName,
      InstanceRefreshIds: [InstanceRefreshId ?? ''],
    }),
  );
  expect(InstanceRefreshes).toHaveLength(1);
  expect(InstanceRefreshes[0]).toMatchObject({
    InstanceRefreshId,
    AutoScalingGroupName: target.groupName,
    Preferences: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200, SkipMatching: true },
  });
});
