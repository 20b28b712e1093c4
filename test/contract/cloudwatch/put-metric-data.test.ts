import { PutMetricDataCommand, type MetricDatum } from '@aws-sdk/client-cloudwatch';
import { contractClient, type ContractTarget } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await target.close();
});

function put(datum: Partial<MetricDatum>, more: { Namespace?: string } = {}) {
  return target.client.send(
    new PutMetricDataCommand({
      Namespace: target.name,
      MetricData: [{ MetricName: 'Load', ...datum }],
      ...more,
    }),
  );
}

it.each<[string, Partial<MetricDatum>]>([
  ['a value', { Value: 1 }],
  ['a value of high resolution', { Value: 1, StorageResolution: 1, Timestamp: new Date() }],
  ['values with counts', { Values: [1, 2], Counts: [3, 4] }],
  ['values alone', { Values: [1, 2] }],
  ['a statistic set', { StatisticValues: { SampleCount: 2, Sum: 3, Minimum: 1, Maximum: 2 } }],
  ['a time ten days ago', { Value: 1, Timestamp: new Date(Date.now() - 10 * 86_400_000) }],
  [
    '30 dimensions',
    { Value: 1, Dimensions: Array.from({ length: 30 }, (_, index) => ({ Name: `d${index}`, Value: 'v' })) },
  ],
])('takes %s', async (_, datum) => {
  await expect(put(datum)).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
});

const tooMany = Array.from({ length: 31 }, (_, index) => ({ Name: `d${index}`, Value: 'v' }));

it.each<[string, Partial<MetricDatum>, string]>([
  ['no value', {}, 'MissingRequiredParameterException'],
  ['no name', { MetricName: '', Value: 1 }, 'MissingRequiredParameterException'],
  ['a value and values', { Value: 1, Values: [1] }, 'InvalidParameterCombinationException'],
  [
    'a value and a statistic set',
    { Value: 1, StatisticValues: { SampleCount: 1, Sum: 1, Minimum: 1, Maximum: 1 } },
    'InvalidParameterCombinationException',
  ],
  ['counts of another size', { Values: [1, 2], Counts: [1] }, 'InvalidParameterValueException'],
  ['a number that is too large', { Value: 2 ** 361 }, 'InvalidParameterValueException'],
  ['a number that is too small', { Value: -(2 ** 361) }, 'InvalidParameterValueException'],
  ['31 dimensions', { Value: 1, Dimensions: tooMany }, 'InvalidParameterValueException'],
  [
    'a dimension without value',
    { Value: 1, Dimensions: [{ Name: 'a', Value: '' }] },
    'MissingRequiredParameterException',
  ],
  [
    'a time 15 days ago',
    { Value: 1, Timestamp: new Date(Date.now() - 15 * 86_400_000) },
    'InvalidParameterValueException',
  ],
  [
    'a time in 3 hours',
    { Value: 1, Timestamp: new Date(Date.now() + 3 * 3_600_000) },
    'InvalidParameterValueException',
  ],
  ['a resolution of 30 s', { Value: 1, StorageResolution: 30 }, 'InvalidParameterValueException'],
  ['a unit that is none', { Value: 1, Unit: 'Apples' as never }, 'InvalidParameterValueException'],
])('refuses %s', async (_, datum, name) => {
  await expect(put(datum)).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
});

it.each([NaN, Infinity, -Infinity])('refuses %d', async (value) => {
  await expect(put({ Value: value })).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
});

it.each([
  ['AWS/EC2', 'InvalidParameterValueException'],
  [':colon', 'InvalidParameterValueException'],
  ['', 'MissingRequiredParameterException'],
])('refuses the namespace %s', async (Namespace, name) => {
  await expect(put({ Value: 1 }, { Namespace })).rejects.toMatchObject({ name });
});

it('takes 1000 metrics and refuses more, of which it takes none', async () => {
  const MetricData = Array.from({ length: 1_001 }, () => ({ MetricName: 'Many', Value: 1 }));
  const send = (count: number) =>
    target.client.send(
      new PutMetricDataCommand({ Namespace: target.name, MetricData: MetricData.slice(0, count) }),
    );
  await expect(send(1_000)).resolves.toBeDefined();
  await expect(send(1_001)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  await expect(send(0)).rejects.toMatchObject({ name: 'MissingRequiredParameterException' });
});
