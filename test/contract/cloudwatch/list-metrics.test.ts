import { ListMetricsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { eventually } from '../../helpers/eventually';
import { contractClient, type ContractTarget, VISIBLE } from './contract-client';

let target: ContractTarget;

beforeAll(async () => {
  target = await contractClient();
});

afterAll(async () => {
  await target.close();
});

it('tells metrics by namespace, name and dimensions', async () => {
  const MetricData = [
    { MetricName: 'Load', Value: 1, Dimensions: [{ Name: 'Host', Value: 'a' }] },
    { MetricName: 'Load', Value: 1, Dimensions: [{ Name: 'Host', Value: 'b' }] },
    { MetricName: 'Other', Value: 1 },
  ];
  await target.client.send(new PutMetricDataCommand({ Namespace: target.name, MetricData }));
  const list = async (more: object = {}) =>
    (await target.client.send(new ListMetricsCommand({ Namespace: target.name, ...more }))).Metrics;
  await eventually(async () => (await list())?.length === 3, VISIBLE);
  expect(await list({ MetricName: 'Other' })).toEqual([
    { Namespace: target.name, MetricName: 'Other', Dimensions: [] },
  ]);
  expect(await list({ Dimensions: [{ Name: 'Host' }] })).toHaveLength(2);
  expect(await list({ Dimensions: [{ Name: 'Host', Value: 'b' }] })).toEqual([
    { Namespace: target.name, MetricName: 'Load', Dimensions: [{ Name: 'Host', Value: 'b' }] },
  ]);
  expect(await list({ RecentlyActive: 'PT3H' })).toHaveLength(3);
});

it('refuses a token that none gave out', async () => {
  const listing = target.client.send(new ListMetricsCommand({ NextToken: 'no' }));
  await expect(listing).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
});
