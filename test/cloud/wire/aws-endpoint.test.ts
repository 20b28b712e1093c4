import { gzipSync } from 'node:zlib';
import {
  AutoScalingClient,
  CompleteLifecycleAction$,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroups$,
  DescribeAutoScalingGroupsCommand,
  type AutoScalingGroupsType,
  type CompleteLifecycleActionType,
  type DescribeAutoScalingGroupsCommandInput,
} from '@aws-sdk/client-auto-scaling';
import {
  CloudWatchClient,
  DescribeAlarms$,
  DescribeAlarmsCommand,
  PutMetricData$,
  PutMetricDataCommand,
  type DescribeAlarmsCommandOutput,
  type PutMetricDataCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { AwsEndpoint } from '../../../local/cloud/wire/aws-endpoint';
import { operation } from '../../../local/cloud/wire/operation';
import { ServiceError } from '../../../local/cloud/wire/service-error';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('the endpoint of the local cloud', () => {
  let endpoint: AwsEndpoint;
  let inputs: unknown[];
  let unexpected: unknown[];
  let autoScaling: AutoScalingClient;
  let cloudWatch: CloudWatchClient;
  const started = new Date('2026-07-01T10:00:00.123Z');

  beforeEach(async () => {
    inputs = [];
    unexpected = [];
    endpoint = await AwsEndpoint.start({
      onUnexpected: (problem) => unexpected.push(problem),
      services: [
        {
          signingName: 'autoscaling',
          protocols: [
            {
              kind: 'query',
              version: '2011-01-01',
              xmlNamespace: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
            },
          ],
          operations: [
            operation<CompleteLifecycleActionType, object>(CompleteLifecycleAction$, (input) => {
              inputs.push(input);
              if (input.InstanceId === 'i-broken') throw new TypeError('a defect');
              throw new ServiceError(
                'ValidationError',
                'No active Lifecycle Action found with instance ID <i-1> & "x"',
              );
            }),
            operation<DescribeAutoScalingGroupsCommandInput, AutoScalingGroupsType>(
              DescribeAutoScalingGroups$,
              (input) => {
                inputs.push(input);
                return {
                  AutoScalingGroups: [
                    {
                      AutoScalingGroupName: 'a<b>&"c"',
                      MinSize: 1,
                      MaxSize: 3,
                      DesiredCapacity: 2,
                      DefaultCooldown: 300,
                      AvailabilityZones: ['x-1a', 'x-1b'],
                      HealthCheckType: 'EC2',
                      CreatedTime: started,
                      NewInstancesProtectedFromScaleIn: false,
                      LoadBalancerNames: [],
                      Tags: [{ Key: 'k', Value: 'control\u0001character', PropagateAtLaunch: true }],
                    },
                  ],
                };
              },
            ),
          ],
        },
        {
          signingName: 'monitoring',
          protocols: [
            {
              kind: 'json',
              version: '1.0',
              target: 'GraniteServiceVersion20100801',
              queryErrors: true,
            },
            {
              kind: 'query',
              version: '2010-08-01',
              xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
            },
          ],
          operations: [
            operation<PutMetricDataCommandInput, void>(PutMetricData$, (input) => {
              inputs.push(input);
            }),
            operation<object, Partial<DescribeAlarmsCommandOutput>>(DescribeAlarms$, () => ({
              MetricAlarms: [{ AlarmName: 'busy', Threshold: 0.65, StateUpdatedTimestamp: started }],
            })),
          ],
        },
      ],
    });
    const options = { endpoint: endpoint.url, region: 'x-1', credentials, maxAttempts: 1 };
    autoScaling = new AutoScalingClient(options);
    cloudWatch = new CloudWatchClient(options);
  });

  afterEach(async () => {
    autoScaling.destroy();
    cloudWatch.destroy();
    await endpoint.close();
  });

  const post = (body: string | Buffer, headers: Record<string, string>) =>
    fetch(endpoint.url, {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers,
    });

  test('reads a form and writes XML that the SDK understands: lists, times, numbers, and text with markup', async () => {
    const { AutoScalingGroups } = await autoScaling.send(
      new DescribeAutoScalingGroupsCommand({
        AutoScalingGroupNames: ['one', 'two'],
        MaxRecords: 7,
        Filters: [{ Name: 'tag:x', Values: ['1', '2'] }],
      }),
    );
    expect(inputs).toEqual([
      {
        AutoScalingGroupNames: ['one', 'two'],
        MaxRecords: 7,
        Filters: [{ Name: 'tag:x', Values: ['1', '2'] }],
      },
    ]);
    expect(AutoScalingGroups).toMatchObject([
      {
        AutoScalingGroupName: 'a<b>&"c"',
        DesiredCapacity: 2,
        AvailabilityZones: ['x-1a', 'x-1b'],
        CreatedTime: started,
        NewInstancesProtectedFromScaleIn: false,
        LoadBalancerNames: [],
        Tags: [{ Value: 'control\ufffdcharacter', PropagateAtLaunch: true }],
      },
    ]);
  });

  test('gives a refusal as the error of its name, in both protocols', async () => {
    const complete = (InstanceId: string) =>
      autoScaling.send(
        new CompleteLifecycleActionCommand({
          AutoScalingGroupName: 'g',
          LifecycleHookName: 'h',
          LifecycleActionResult: 'CONTINUE',
          InstanceId,
        }),
      );
    await expect(complete('i-1')).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'No active Lifecycle Action found with instance ID <i-1> & "x"',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(complete('i-broken')).rejects.toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500 },
    });
    expect(unexpected).toMatchObject([{ service: 'autoscaling', operation: 'CompleteLifecycleAction' }]);
  });

  test('reads JSON, gzipped as the SDK does it with large bodies', async () => {
    const MetricData = Array.from({ length: 200 }, (_, index) => ({
      MetricName: `metric-${index}`,
      Dimensions: [{ Name: 'AutoScalingGroupName', Value: 'fleet-nodes' }],
      Timestamp: started,
      Value: index,
    }));
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'Fleet', MetricData }));
    expect(inputs).toEqual([{ Namespace: 'Fleet', MetricData }]);
  });

  test('the same service answers JSON to the SDK and XML to a query', async () => {
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms).toEqual([{ AlarmName: 'busy', Threshold: 0.65, StateUpdatedTimestamp: started }]);
    const response = await post('Action=DescribeAlarms&Version=2010-08-01', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(response.headers.get('content-type')).toBe('text/xml');
    expect(await response.text()).toContain(
      '<DescribeAlarmsResult><MetricAlarms><member><AlarmName>busy</AlarmName>',
    );
  });

  const target = { 'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData' };
  test.each<[string, string | Buffer, Record<string, string>, number, string]>([
    ['what is not JSON', '{"Namespace":', target, 400, 'SerializationException'],
    ['a wrong type', '{"Namespace":7}', target, 400, 'SerializationException'],
    ['a list that is none', '{"MetricData":{}}', target, 400, 'SerializationException'],
    ['a time that is none', '{"MetricData":[{"Timestamp":{}}]}', target, 400, 'SerializationException'],
    ['JSON that is no object', '[]', target, 400, 'SerializationException'],
    ['what is not gzip', '{}', { ...target, 'content-encoding': 'gzip' }, 400, 'SerializationException'],
    [
      'a small body that unpacks to a huge one',
      gzipSync(Buffer.alloc(8 * 1024 * 1024, 32)),
      { ...target, 'content-encoding': 'gzip' },
      413,
      'RequestEntityTooLarge',
    ],
    ['an operation that is not played', '{}', { 'x-amz-target': 'Granite.Nope' }, 400, 'UnknownOperation'],
    ['a request without an action', '', {}, 400, 'UnknownOperation'],
    [
      'a number in a form that is none',
      'Action=DescribeAutoScalingGroups&Version=2011-01-01&MaxRecords=many',
      {},
      400,
      'SerializationException',
    ],
    ['a browser', '{}', { ...target, origin: 'https://evil.example' }, 403, 'AccessDenied'],
  ])('refuses %s', async (_what, body, headers, status, code) => {
    const response = await post(body, headers);
    const text = await response.text();
    expect({ status: response.status, text }).toEqual({
      status,
      text: expect.stringContaining(code) as string,
    });
    expect(inputs).toEqual([]);
  });

  test('closes twice, and with a request half sent', async () => {
    const { connect } = await import('node:net');
    const socket = connect(Number(new URL(endpoint.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    await endpoint.close();
    await endpoint.close();
    socket.destroy();
  });
});
