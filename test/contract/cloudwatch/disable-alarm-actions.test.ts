import { DescribeAlarmsCommand, DisableAlarmActionsCommand } from '@aws-sdk/client-cloudwatch';
import { contractClient, type ContractTarget, putAlarm, removeAlarms } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await removeAlarms(target);
  await target.close();
});

it('disables the actions of alarms, and passes over names that are unknown', async () => {
  const AlarmName = await putAlarm(target, { ActionsEnabled: true });
  await target.client.send(
    new DisableAlarmActionsCommand({ AlarmNames: [AlarmName, `${AlarmName}-unknown`] }),
  );
  const { MetricAlarms } = await target.client.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
  expect(MetricAlarms).toMatchObject([{ ActionsEnabled: false }]);
});
