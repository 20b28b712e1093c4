import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { CloudWatchClient, ListMetricsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { cloudWatchService } from '../../../local/cloud/cloudwatch/cloudwatch-service';
import { AwsEndpoint } from '../../../local/cloud/wire/aws-endpoint';
import { cloudWatchFixture } from './cloudwatch-fixture';

const unexpected: unknown[] = [];
const fixture = cloudWatchFixture();
let endpoint: AwsEndpoint;
let client: CloudWatchClient;
let close: () => Promise<void>;
/** Of the last request that the client sent. */
let sent: { headers: IncomingHttpHeaders; bytes: number };

beforeAll(async () => {
  endpoint = await AwsEndpoint.start({
    services: [cloudWatchService(fixture.cloudWatch)],
    onUnexpected: (problem) => unexpected.push(problem),
  });
  // Looks at what goes over the wire, and hands it on as it is.
  const proxy = createServer((request, response) => {
    const onward = httpRequest(new URL(request.url ?? '/', endpoint.url), {
      method: request.method,
      agent: false,
      headers: request.headers,
    });
    sent = { headers: request.headers, bytes: 0 };
    request.on('data', (chunk: Buffer) => (sent.bytes += chunk.length));
    request.pipe(onward);
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  client = new CloudWatchClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  close = async () => {
    client.destroy();
    proxy.close();
    proxy.closeAllConnections();
    await endpoint.close();
  };
});

afterAll(() => close());

it('takes what the real client sends for a large request: JSON 1.0, gzipped', async () => {
  const timestamp = new Date(fixture.clock.nowMs());
  const MetricData = Array.from({ length: 500 }, (_, index) => ({
    MetricName: `Metric${index}`,
    Dimensions: [{ Name: 'AutoScalingGroupName', Value: 'fleet-nodes' }],
    Timestamp: timestamp,
    Value: index,
    StorageResolution: 1,
  }));
  await client.send(new PutMetricDataCommand({ Namespace: 'MediasoupFleet', MetricData }));
  expect(sent.headers).toMatchObject({
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData',
    'content-encoding': 'gzip',
  });
  expect(sent.bytes).toBeLessThan(20_000);
  const { Metrics, NextToken } = await client.send(new ListMetricsCommand({ Namespace: 'MediasoupFleet' }));
  expect(Metrics).toHaveLength(500);
  expect(NextToken).toBeUndefined();
  expect(unexpected).toEqual([]);
});

it('loses, without a word to their publisher, the requests that a fault is about', async () => {
  const put = (name: string) =>
    client.send(
      new PutMetricDataCommand({ Namespace: 'Lossy', MetricData: [{ MetricName: name, Value: 1 }] }),
    );
  const { faults } = fixture.cloudWatch;
  faults.lose((request) => request.some(({ metric }) => metric.name === 'Silent'));
  await put('Silent');
  await put('Heard');
  faults.end();
  await put('HeardLater');
  const { Metrics = [] } = await client.send(new ListMetricsCommand({ Namespace: 'Lossy' }));
  expect(Metrics.map(({ MetricName }) => MetricName).sort()).toEqual(['Heard', 'HeardLater']);
});

it('names errors in both ways of the protocol, so that the client makes its exception of them', async () => {
  const refused = client.send(new PutMetricDataCommand({ Namespace: 'AWS/EC2', MetricData: [] }));
  await expect(refused).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: 'The value AWS/EC2 for parameter Namespace is invalid.',
    $metadata: { httpStatusCode: 400 },
  });
});

/** As an AWS CLI sends it that knows only the query protocol. */
async function query(fields: Record<string, string>): Promise<{ status: number; body: string }> {
  const response = await fetch(endpoint.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20261125/eu-central-1/monitoring/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: new URLSearchParams({ Version: '2010-08-01', ...fields }),
  });
  return { status: response.status, body: await response.text() };
}

it('speaks the query protocol of older clients', async () => {
  const put = await query({
    Action: 'PutMetricData',
    Namespace: 'Older',
    'MetricData.member.1.MetricName': 'Load',
    'MetricData.member.1.Dimensions.member.1.Name': 'Host',
    'MetricData.member.1.Dimensions.member.1.Value': 'a',
    'MetricData.member.1.Timestamp': new Date(fixture.clock.nowMs()).toISOString(),
    'MetricData.member.1.Value': '2.5',
  });
  expect(put.status).toBe(200);
  const got = await query({
    Action: 'GetMetricStatistics',
    Namespace: 'Older',
    MetricName: 'Load',
    'Dimensions.member.1.Name': 'Host',
    'Dimensions.member.1.Value': 'a',
    StartTime: new Date(fixture.clock.nowMs() - 60_000).toISOString(),
    EndTime: new Date(fixture.clock.nowMs() + 60_000).toISOString(),
    Period: '60',
    'Statistics.member.1': 'Sum',
  });
  expect(got.body).toContain(
    '<GetMetricStatisticsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricStatisticsResult><Label>Load</Label><Datapoints><member><Timestamp>1970-01-01T00:16:00.000Z</Timestamp><Sum>2.5</Sum><Unit>None</Unit></member></Datapoints></GetMetricStatisticsResult>',
  );
  const refused = await query({ Action: 'PutMetricData', Namespace: 'Older' });
  expect(refused.status).toBe(400);
  expect(refused.body).toContain(
    '<Code>MissingParameter</Code><Message>The parameter MetricData is required.</Message>',
  );
});
