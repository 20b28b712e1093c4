import {
  CancelInstanceRefreshCommand,
  DescribeInstanceRefreshesCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { serveOne } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('ends a refresh', async () => {
  const AutoScalingGroupName = target.groupName;
  await serveOne(target);
  const started = await target.autoScaling.send(new StartInstanceRefreshCommand({ AutoScalingGroupName }));
  const cancelled = await target.autoScaling.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName }));
  expect(cancelled.InstanceRefreshId).toBe(started.InstanceRefreshId);
  await target.until('the end of the refresh', async () => {
    const { InstanceRefreshes = [] } = await target.autoScaling.send(
      new DescribeInstanceRefreshesCommand({ AutoScalingGroupName }),
    );
    return InstanceRefreshes[0]?.Status === 'Cancelled' ? true : undefined;
  });
});

test('is refused when none runs', async () => {
  const call = target.autoScaling.send(
    new CancelInstanceRefreshCommand({ AutoScalingGroupName: target.groupName }),
  );
  await expect(call).rejects.toMatchObject({
    name: expect.stringMatching(/^ActiveInstanceRefreshNotFound/) as string,
  });
});
