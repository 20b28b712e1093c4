import { DescribeLifecycleHookTypesCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('knows two types', async () => {
  const { LifecycleHookTypes } = await target.autoScaling.send(new DescribeLifecycleHookTypesCommand({}));
  expect([...(LifecycleHookTypes ?? [])].sort()).toEqual([
    'autoscaling:EC2_INSTANCE_LAUNCHING',
    'autoscaling:EC2_INSTANCE_TERMINATING',
  ]);
});
