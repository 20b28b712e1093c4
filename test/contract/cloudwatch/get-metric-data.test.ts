import {
  GetMetricDataCommand,
  PutMetricDataCommand,
  type GetMetricDataCommandInput,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { eventually } from '../../helpers/eventually';
import { contractClient, type ContractTarget, VISIBLE } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await target.close();
});

const MINUTE_MS = 60_000;
const endMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
const startMs = endMs - 5 * MINUTE_MS;

beforeAll(async () => {
  const at = (minute: number) => new Date(startMs + minute * MINUTE_MS);
  const data = [
    { MetricName: 'Errors', Timestamp: at(1), Value: 1 },
    { MetricName: 'Errors', Timestamp: at(3), Value: 3 },
    { MetricName: 'Requests', Timestamp: at(1), Value: 10 },
    { MetricName: 'Requests', Timestamp: at(2), Value: 20 },
    { MetricName: 'Requests', Timestamp: at(3), Values: [10, 20], Counts: [1, 2] },
  ];
  await target.client.send(new PutMetricDataCommand({ Namespace: target.name, MetricData: data }));
});

function metric(Id: string, MetricName: string, more: Partial<MetricDataQuery> = {}): MetricDataQuery {
  return {
    Id,
    MetricStat: { Metric: { Namespace: target.name, MetricName }, Period: 60, Stat: 'Sum' },
    ...more,
  };
}

function get(MetricDataQueries: MetricDataQuery[], more: Partial<GetMetricDataCommandInput> = {}) {
  return target.client.send(
    new GetMetricDataCommand({
      MetricDataQueries,
      StartTime: new Date(startMs),
      EndTime: new Date(endMs),
      ...more,
    }),
  );
}

it('gives metrics and expressions over them, newest first', async () => {
  const { MetricDataResults } = await eventually(async () => {
    const output = await get([
      metric('e', 'Errors'),
      metric('r', 'Requests', { ReturnData: false }),
      { Id: 'share', Expression: 'e / r', Label: 'Share of errors' },
    ]);
    return output.MetricDataResults?.[0]?.Values?.length === 2 && output;
  }, VISIBLE);
  const times = (minutes: number[]) => minutes.map((minute) => new Date(startMs + minute * MINUTE_MS));
  expect(MetricDataResults).toMatchObject([
    { Id: 'e', Label: 'Errors', StatusCode: 'Complete', Values: [3, 1], Timestamps: times([3, 1]) },
    // A missing value beside another counts as 0.
    {
      Id: 'share',
      Label: 'Share of errors',
      StatusCode: 'Complete',
      Values: [0.06, 0, 0.1],
      Timestamps: times([3, 2, 1]),
    },
  ]);
});

it('gives them oldest first, and in pages', async () => {
  const first = await eventually(async () => {
    const output = await get([metric('r', 'Requests')], { ScanBy: 'TimestampAscending', MaxDatapoints: 2 });
    return output.NextToken !== undefined && output;
  }, VISIBLE);
  expect(first.MetricDataResults?.[0]).toMatchObject({ Values: [10, 20], StatusCode: 'PartialData' });
  const next = await get([metric('r', 'Requests')], {
    ScanBy: 'TimestampAscending',
    MaxDatapoints: 2,
    NextToken: first.NextToken,
  });
  expect(next.MetricDataResults?.[0]).toMatchObject({ Values: [50], StatusCode: 'Complete' });
  expect(next.NextToken).toBeUndefined();
});

it('has no values where there is no data', async () => {
  const { MetricDataResults } = await get([metric('x', 'Nothing')]);
  expect(MetricDataResults).toMatchObject([{ Id: 'x', Values: [], Timestamps: [], StatusCode: 'Complete' }]);
});

it.each<[string, (name: string) => MetricDataQuery[]]>([
  ['the same id twice', () => [metric('m', 'Errors'), metric('m', 'Requests')]],
  ['an id that begins with a capital', () => [metric('M', 'Errors')]],
  ['an expression on an id that is not there', () => [{ Id: 'e', Expression: 'm1 * 2', Period: 60 }]],
  ['an expression that refers to itself', () => [{ Id: 'e', Expression: 'e + 1', Period: 60 }]],
  ['an expression that is none', () => [metric('m', 'Errors'), { Id: 'e', Expression: 'm + ' }]],
  ['a scalar as result', () => [metric('m', 'Errors'), { Id: 'e', Expression: 'SUM(m)' }]],
  ['neither metric nor expression', () => [{ Id: 'm' }]],
])('refuses %s', async (_, queries) => {
  await expect(get(queries(target.name))).rejects.toMatchObject({
    name: expect.stringMatching(/^Validation(Error|Exception)$/) as string,
    $metadata: { httpStatusCode: 400 },
  });
});

it('refuses an end before the start, and a token that none gave out', async () => {
  const reversed = { StartTime: new Date(endMs), EndTime: new Date(startMs) };
  await expect(get([metric('m', 'Errors')], reversed)).rejects.toMatchObject({
    $metadata: { httpStatusCode: 400 },
  });
  await expect(get([metric('m', 'Errors')], { NextToken: 'no' })).rejects.toMatchObject({
    name: 'InvalidNextToken',
  });
});

it('spans any time at no cost', async () => {
  const { MetricDataResults } = await get(
    [
      {
        ...metric('m', 'Errors'),
        MetricStat: { Metric: { Namespace: target.name, MetricName: 'Errors' }, Period: 1, Stat: 'Sum' },
      },
    ],
    { StartTime: new Date(0) },
  );
  expect(MetricDataResults).toHaveLength(1);
});
