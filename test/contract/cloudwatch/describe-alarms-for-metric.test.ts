import {
  DescribeAlarmsForMetricCommand,
  type DescribeAlarmsForMetricCommandInput,
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

it('tells the alarms on a metric', async () => {
  const Dimensions = [{ Name: 'Host', Value: 'a' }];
  const AlarmName = await putAlarm(target, { Dimensions });
  const describe = async (more: Partial<DescribeAlarmsForMetricCommandInput> = {}) => {
    const input = { Namespace: target.name, MetricName: 'Load', Dimensions, ...more };
    const { MetricAlarms } = await target.client.send(new DescribeAlarmsForMetricCommand(input));
    return MetricAlarms?.map((alarm) => alarm.AlarmName);
  };
  expect(await describe()).toEqual([AlarmName]);
  expect(await describe({ Statistic: 'Sum', Period: 60 })).toEqual([AlarmName]);
  expect(await describe({ Statistic: 'Average' })).toEqual([]);
  expect(await describe({ Period: 300 })).toEqual([]);
  expect(await describe({ Dimensions: [] })).toEqual([]);
  expect(await describe({ MetricName: 'Other' })).toEqual([]);
});
