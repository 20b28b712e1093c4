import { DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { contractClient, type ContractTarget, putAlarm, removeAlarms } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await removeAlarms(target);
  await target.close();
});

it('sets a state until the next evaluation', async () => {
  const AlarmName = await putAlarm(target);
  const StateReasonData = '{"by":"hand"}';
  await target.client.send(
    new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'by hand', StateReasonData }),
  );
  const { MetricAlarms } = await target.client.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
  expect(MetricAlarms).toMatchObject([{ StateValue: 'ALARM', StateReason: 'by hand', StateReasonData }]);
});

it.each([
  ['an alarm that is not there', { AlarmName: 'contract-unknown' }, 'ResourceNotFound'],
  ['reason data that is not JSON', { StateReasonData: '{' }, 'InvalidFormatFault'],
  ['a state that is none', { StateValue: 'FINE' as never }, 'ValidationException'],
])('refuses %s', async (_, more, name) => {
  const AlarmName = await putAlarm(target);
  const set = target.client.send(
    new SetAlarmStateCommand({ AlarmName, StateValue: 'OK', StateReason: 'by hand', ...more }),
  );
  await expect(set).rejects.toMatchObject({ name });
});
