import { SetInstanceHealthCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { instanceIn, serveOne } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('has an unhealthy instance replaced', async () => {
  const InstanceId = await serveOne(target);
  await target.autoScaling.send(
    new SetInstanceHealthCommand({ InstanceId, HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false }),
  );
  expect(await instanceIn(target, 'Terminating:Wait')).toMatchObject({
    InstanceId,
    HealthStatus: 'Unhealthy',
  });
  expect((await instanceIn(target, 'Pending:Wait')).InstanceId).not.toBe(InstanceId);
});

test('does not know an instance that is in no group', async () => {
  const call = target.autoScaling.send(
    new SetInstanceHealthCommand({ InstanceId: 'i-00000000000000000', HealthStatus: 'Unhealthy' }),
  );
  await expect(call).rejects.toMatchObject({ name: 'ValidationError' });
});
