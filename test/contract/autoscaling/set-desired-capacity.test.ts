import { SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { describeGroup, setDesired } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('sets the capacity', async () => {
  await setDesired(target, 2);
  expect((await describeGroup(target)).DesiredCapacity).toBe(2);
});

test('refuses what is above the maximum', async () => {
  await expect(setDesired(target, 5)).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'New SetDesiredCapacity value 5 is above max value 4 for the AutoScalingGroup.',
  });
});

test('refuses a group that does not exist', async () => {
  const call = target.autoScaling.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: 'no-such-group-of-ours', DesiredCapacity: 1 }),
  );
  await expect(call).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringMatching(/^AutoScalingGroup name not found/) as string,
  });
});
