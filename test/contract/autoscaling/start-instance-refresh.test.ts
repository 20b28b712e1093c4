import { StartInstanceRefreshCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { instanceIn, serveOne } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

function start(Preferences = {}) {
  return target.autoScaling.send(
    new StartInstanceRefreshCommand({ AutoScalingGroupName: target.groupName, Preferences }),
  );
}

test('brings a new instance first when more than the desired capacity may be healthy', async () => {
  const InstanceId = await serveOne(target);
  const { InstanceRefreshId } = await start({ MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
  expect(InstanceRefreshId).toMatch(/^[0-9a-f-]{36}$/);
  expect((await instanceIn(target, 'Pending:Wait')).InstanceId).not.toBe(InstanceId);
  expect((await instanceIn(target, 'InService')).InstanceId).toBe(InstanceId);
});

test('refuses a second one', async () => {
  await serveOne(target);
  await start();
  await expect(start()).rejects.toMatchObject({
    name: expect.stringMatching(/^InstanceRefreshInProgress/) as string,
  });
});

test('refuses a span of more than 100 percent', async () => {
  await expect(start({ MinHealthyPercentage: 50, MaxHealthyPercentage: 200 })).rejects.toMatchObject({
    name: 'ValidationError',
  });
});
