import {
  UpdateAutoScalingGroupCommand,
  type UpdateAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { describeGroup } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

function update(change: Partial<UpdateAutoScalingGroupCommandInput>) {
  return target.autoScaling.send(
    new UpdateAutoScalingGroupCommand({ ...change, AutoScalingGroupName: target.groupName }),
  );
}

test('a higher minimum raises the desired capacity, and a lower one leaves it', async () => {
  await update({ MinSize: 1 });
  expect(await describeGroup(target)).toMatchObject({ MinSize: 1, DesiredCapacity: 1 });
  await update({ MinSize: 0, HealthCheckGracePeriod: 42, DefaultInstanceWarmup: 17 });
  expect(await describeGroup(target)).toMatchObject({
    MinSize: 0,
    DesiredCapacity: 1,
    HealthCheckGracePeriod: 42,
    DefaultInstanceWarmup: 17,
  });
});

test('a default warm-up of -1 is none', async () => {
  await update({ DefaultInstanceWarmup: -1 });
  expect((await describeGroup(target)).DefaultInstanceWarmup).toBeUndefined();
});

test('refuses a desired capacity out of the limits', async () => {
  await expect(update({ DesiredCapacity: 5 })).rejects.toMatchObject({ name: 'ValidationError' });
});
