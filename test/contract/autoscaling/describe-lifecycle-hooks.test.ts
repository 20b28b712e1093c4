import { DescribeLifecycleHooksCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { hookName } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('describes hooks with their global timeout: 48 hours or 100 heartbeats', async () => {
  const { LifecycleHooks = [] } = await target.autoScaling.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName: target.groupName }),
  );
  expect(LifecycleHooks.length).toBeGreaterThanOrEqual(2);
  for (const { HeartbeatTimeout = 0, GlobalTimeout } of LifecycleHooks) {
    expect(GlobalTimeout).toBe(Math.min(48 * 3_600, 100 * HeartbeatTimeout));
  }
});

test('gives those that are named', async () => {
  const name = await hookName(target, 'TERMINATING');
  const { LifecycleHooks = [] } = await target.autoScaling.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName: target.groupName, LifecycleHookNames: [name] }),
  );
  expect(LifecycleHooks.map(({ LifecycleHookName }) => LifecycleHookName)).toEqual([name]);
});
