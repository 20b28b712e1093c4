import {
  DescribeAlarmHistoryCommand,
  SetAlarmStateCommand,
  type DescribeAlarmHistoryCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { contractClient, type ContractTarget, putAlarm, removeAlarms } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await removeAlarms(target);
  await target.close();
});

it('tells what happened to an alarm, newest first', async () => {
  const AlarmName = await putAlarm(target);
  await target.client.send(
    new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'by hand' }),
  );
  const history = async (more: DescribeAlarmHistoryCommandInput = {}) => {
    const { AlarmHistoryItems } = await target.client.send(
      new DescribeAlarmHistoryCommand({ AlarmName, ...more }),
    );
    return AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary);
  };
  const changed = 'Alarm updated from INSUFFICIENT_DATA to ALARM';
  const created = `Alarm "${AlarmName}" created`;
  expect(await history()).toEqual([changed, created]);
  expect(await history({ ScanBy: 'TimestampAscending' })).toEqual([created, changed]);
  expect(await history({ HistoryItemType: 'StateUpdate' })).toEqual([changed]);
  expect(await history({ MaxRecords: 1 })).toEqual([changed]);
  expect(await history({ EndDate: new Date(0) })).toEqual([]);
  const { AlarmHistoryItems } = await target.client.send(
    new DescribeAlarmHistoryCommand({ AlarmName, HistoryItemType: 'StateUpdate' }),
  );
  expect(JSON.parse(AlarmHistoryItems?.[0]?.HistoryData ?? '')).toMatchObject({
    version: '1.0',
    oldState: { stateValue: 'INSUFFICIENT_DATA' },
    newState: { stateValue: 'ALARM', stateReason: 'by hand' },
  });
});
