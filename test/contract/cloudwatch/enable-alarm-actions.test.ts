import { DescribeAlarmsCommand, EnableAlarmActionsCommand } from '@aws-sdk/client-cloudwatch';
import { contractClient, type ContractTarget, putAlarm, removeAlarms } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await removeAlarms(target);
  await target.close();
});

it('enables the actions of alarms, and passes over names that are unknown', async () => {
  const AlarmName = await putAlarm(target, { ActionsEnabled: false });
  await target.client.send(
    new EnableAlarmActionsCommand({ AlarmNames: [AlarmName, `${AlarmName}-unknown`] }),
  );
  const { MetricAlarms } = await target.client.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
  expect(MetricAlarms).toMatchObject([{ ActionsEnabled: true }]);
});
