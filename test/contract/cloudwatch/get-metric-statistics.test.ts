import {
  GetMetricStatisticsCommand,
  PutMetricDataCommand,
  type GetMetricStatisticsCommandInput,
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

const endMs = Math.floor(Date.now() / 60_000) * 60_000;

function get(more: Partial<GetMetricStatisticsCommandInput> = {}) {
  return target.client.send(
    new GetMetricStatisticsCommand({
      Namespace: target.name,
      MetricName: 'Load',
      StartTime: new Date(endMs - 300_000),
      EndTime: new Date(endMs),
      Period: 60,
      Statistics: ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'],
      ...more,
    }),
  );
}

it('gives the statistics of each period with data', async () => {
  const Timestamp = new Date(endMs - 90_000);
  const MetricData = [
    { MetricName: 'Load', Timestamp, Values: [1, 4], Counts: [3, 1], Unit: 'Count' as const },
  ];
  await target.client.send(new PutMetricDataCommand({ Namespace: target.name, MetricData }));
  const { Label, Datapoints } = await eventually(async () => {
    const output = await get();
    return output.Datapoints?.length === 1 && output;
  }, VISIBLE);
  expect(Label).toBe('Load');
  expect(Datapoints).toEqual([
    {
      Timestamp: new Date(endMs - 120_000),
      Sum: 7,
      Average: 1.75,
      Minimum: 1,
      Maximum: 4,
      SampleCount: 4,
      Unit: 'Count',
    },
  ]);
  const percentiles = await get({ Statistics: undefined, ExtendedStatistics: ['p50', 'p100'] });
  expect(percentiles.Datapoints).toMatchObject([{ ExtendedStatistics: { p50: 1, p100: 4 } }]);
  expect((await get({ Unit: 'Bytes' })).Datapoints).toEqual([]);
});

it.each<[string, Partial<GetMetricStatisticsCommandInput>, string]>([
  ['no statistic', { Statistics: [] }, 'MissingRequiredParameterException'],
  ['both kinds of statistics', { ExtendedStatistics: ['p50'] }, 'InvalidParameterCombinationException'],
  ['a period of 7 s', { Period: 7 }, 'InvalidParameterValueException'],
  ['an end before the start', { EndTime: new Date(endMs - 600_000) }, 'InvalidParameterValueException'],
  [
    'more than 1440 data points',
    { StartTime: new Date(endMs - 1_441 * 60_000) },
    'InvalidParameterCombinationException',
  ],
])('refuses %s', async (_, more, name) => {
  await expect(get(more)).rejects.toMatchObject({ name });
});
