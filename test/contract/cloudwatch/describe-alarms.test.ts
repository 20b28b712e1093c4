import { DescribeAlarmsCommand, type DescribeAlarmsCommandInput } from '@aws-sdk/client-cloudwatch';
import { contractClient, type ContractTarget, putAlarm, removeAlarms } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await removeAlarms(target);
  await target.close();
});

const ACTION = 'arn:aws:sns:eu-central-1:123456789012:contract';

it('tells alarms by name, prefix, state and action, in pages', async () => {
  const names = [`${target.name}-a`, `${target.name}-b`, `${target.name}-c`];
  for (const AlarmName of names)
    await putAlarm(target, { AlarmName, OKActions: AlarmName.endsWith('b') ? [ACTION] : [] });
  const describe = async (input: DescribeAlarmsCommandInput) => {
    const { MetricAlarms, NextToken } = await target.client.send(new DescribeAlarmsCommand(input));
    return { names: MetricAlarms?.map(({ AlarmName }) => AlarmName), NextToken };
  };
  const AlarmNamePrefix = target.name;
  expect((await describe({ AlarmNamePrefix })).names).toEqual(names);
  expect((await describe({ AlarmNames: names.slice(1) })).names).toEqual(names.slice(1));
  expect((await describe({ AlarmNamePrefix, StateValue: 'ALARM' })).names).toEqual([]);
  expect((await describe({ AlarmNamePrefix, ActionPrefix: ACTION })).names).toEqual([names[1]]);
  expect((await describe({ AlarmNamePrefix, AlarmTypes: ['CompositeAlarm'] })).names ?? []).toEqual([]);
  const first = await describe({ AlarmNamePrefix, MaxRecords: 2 });
  expect(first.names).toEqual(names.slice(0, 2));
  const next = await describe({ AlarmNamePrefix, MaxRecords: 2, NextToken: first.NextToken });
  expect(next).toEqual({ names: names.slice(2), NextToken: undefined });
});

it('tells everything of an alarm', async () => {
  const AlarmName = await putAlarm(target);
  const { MetricAlarms } = await target.client.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
  expect(MetricAlarms?.[0]).toMatchObject({
    AlarmName,
    AlarmArn: expect.stringMatching(
      new RegExp(`^arn:aws:cloudwatch:[a-z0-9-]+:\\d{12}:alarm:${AlarmName}$`),
    ) as string,
    AlarmConfigurationUpdatedTimestamp: expect.any(Date) as Date,
    ActionsEnabled: true,
    OKActions: [],
    AlarmActions: [],
    InsufficientDataActions: [],
    StateValue: 'INSUFFICIENT_DATA',
    StateReason: 'Unchecked: Initial alarm creation',
    StateUpdatedTimestamp: expect.any(Date) as Date,
    MetricName: 'Load',
    Namespace: target.name,
    Statistic: 'Sum',
    Dimensions: [],
    Period: 60,
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold',
  });
});

it.each<[string, DescribeAlarmsCommandInput]>([
  ['names and a prefix', { AlarmNames: ['a'], AlarmNamePrefix: 'a' }],
  ['more than 100 records', { MaxRecords: 101 }],
  ['a state that is none', { StateValue: 'FINE' as never }],
  ['a token that none gave out', { NextToken: 'no' }],
])('refuses %s', async (_, input) => {
  const described = target.client.send(new DescribeAlarmsCommand(input));
  await expect(described).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
});
