import { DescribeAlarmsCommand, type PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { contractClient, type ContractTarget, putAlarm, removeAlarms } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await removeAlarms(target);
  await target.close();
});

it('makes an alarm that has no data yet, and changes one that is there', async () => {
  const AlarmName = await putAlarm(target, { AlarmDescription: 'first' });
  const describe = async () =>
    (await target.client.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }))).MetricAlarms;
  expect(await describe()).toMatchObject([
    {
      AlarmName,
      AlarmDescription: 'first',
      StateValue: 'INSUFFICIENT_DATA',
      ActionsEnabled: true,
      Threshold: 5,
    },
  ]);
  await putAlarm(target, { Threshold: 6, TreatMissingData: 'ignore' });
  const changed = await describe();
  expect(changed).toMatchObject([{ Threshold: 6, TreatMissingData: 'ignore' }]);
  expect(changed?.[0]?.AlarmDescription).toBeUndefined();
});

const MATH: Partial<PutMetricAlarmCommandInput> = {
  MetricName: undefined,
  Namespace: undefined,
  Statistic: undefined,
  Period: undefined,
};
const TERM = {
  Id: 'm',
  MetricStat: { Metric: { Namespace: 'N', MetricName: 'M' }, Period: 60, Stat: 'Sum' },
};

it('takes metric math', async () => {
  const AlarmName = await putAlarm(target, {
    ...MATH,
    AlarmName: `${target.name}-math`,
    Metrics: [
      { ...TERM, ReturnData: false },
      { Id: 'e', Expression: 'FILL(m, 0) * 2', ReturnData: true },
    ],
  });
  const { MetricAlarms } = await target.client.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
  expect(MetricAlarms?.[0]?.Metrics).toMatchObject([TERM, { Id: 'e', Expression: 'FILL(m, 0) * 2' }]);
});

it.each<[string, Partial<PutMetricAlarmCommandInput>]>([
  ['no name', { AlarmName: '' }],
  ['no metric', { MetricName: undefined }],
  ['no statistic', { Statistic: undefined }],
  ['two statistics', { ExtendedStatistic: 'p90' }],
  ['a period of 45 s', { Period: 45 }],
  ['more than a day', { EvaluationPeriods: 1_441 }],
  ['no evaluation periods', { EvaluationPeriods: 0 }],
  ['more data points than periods', { DatapointsToAlarm: 4 }],
  ['a comparison that is none', { ComparisonOperator: 'Equal' as never }],
  ['a treatment of missing data that is none', { TreatMissingData: 'forget' }],
  ['no threshold', { Threshold: undefined }],
  ['an action that is no ARN', { AlarmActions: ['somewhere'] }],
  [
    'six actions',
    {
      AlarmActions: Array.from(
        { length: 6 },
        (_, index) => `arn:aws:sns:eu-central-1:123456789012:t${index}`,
      ),
    },
  ],
  ['math and a metric', { Metrics: [{ ...TERM, ReturnData: true }] }],
  ['math of which nothing returns data', { ...MATH, Metrics: [{ ...TERM, ReturnData: false }] }],
  ['math of which two return data', { ...MATH, Metrics: [TERM, { Id: 'e', Expression: 'm * 2' }] }],
  ['SEARCH', { ...MATH, Metrics: [{ Id: 'e', Expression: "SEARCH('x', 'Sum', 60)", ReturnData: true }] }],
  [
    'math that ends in two series',
    {
      ...MATH,
      Metrics: [
        { ...TERM, ReturnData: false },
        { Id: 'e', Expression: '[m, m]' },
      ],
    },
  ],
])('refuses %s', async (_, more) => {
  await expect(putAlarm(target, { AlarmName: `${target.name}-refused`, ...more })).rejects.toMatchObject({
    name: expect.stringMatching(/^Validation(Error|Exception)$/) as string,
    $metadata: { httpStatusCode: 400 },
  });
});
