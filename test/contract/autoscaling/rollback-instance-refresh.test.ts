import { RollbackInstanceRefreshCommand, StartInstanceRefreshCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { serveOne } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

function rollBack() {
  return target.autoScaling.send(
    new RollbackInstanceRefreshCommand({ AutoScalingGroupName: target.groupName }),
  );
}

test('is refused when none runs', async () => {
  await expect(rollBack()).rejects.toMatchObject({
    name: expect.stringMatching(/^ActiveInstanceRefreshNotFound/) as string,
  });
});

test('is refused for a refresh without a desired configuration', async () => {
  await serveOne(target);
  await target.autoScaling.send(new StartInstanceRefreshCommand({ AutoScalingGroupName: target.groupName }));
  await expect(rollBack()).rejects.toMatchObject({
    name: expect.stringMatching(/^IrreversibleInstanceRefresh/) as string,
  });
});
