import { DescribeWarmPoolCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('a group without a pool has neither configuration nor instances', async () => {
  const pool = await target.autoScaling.send(
    new DescribeWarmPoolCommand({ AutoScalingGroupName: target.groupName }),
  );
  expect(pool.WarmPoolConfiguration).toBeUndefined();
  expect(pool.Instances ?? []).toEqual([]);
});
