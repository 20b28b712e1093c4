import { DeleteAlarmsCommand, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { contractClient, type ContractTarget, putAlarm, removeAlarms } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await removeAlarms(target);
  await target.close();
});

it('deletes all or none', async () => {
  const AlarmName = await putAlarm(target);
  const remaining = async () =>
    (await target.client.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }))).MetricAlarms?.length;
  const some = target.client.send(
    new DeleteAlarmsCommand({ AlarmNames: [AlarmName, `${AlarmName}-unknown`] }),
  );
  await expect(some).rejects.toMatchObject({ name: 'ResourceNotFound', $metadata: { httpStatusCode: 404 } });
  expect(await remaining()).toBe(1);
  await target.client.send(new DeleteAlarmsCommand({ AlarmNames: [AlarmName] }));
  expect(await remaining()).toBe(0);
});
