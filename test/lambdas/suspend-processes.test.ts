import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { AutoScalingClient, SuspendProcessesCommand } from '@aws-sdk/client-auto-scaling';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { createHandler } from '../../lambdas/suspend-processes/create-handler';
import { putResponse } from '../../lambdas/suspend-processes/put-response';
import { ActionRecorder } from './aws-recorder';
import { SDK_CALLS } from './sdk-calls';

const aws = mockClient(AutoScalingClient);
const recorder = new ActionRecorder();
let cloudFormation: http.Server;
let url: string;
let answers: { method: string | undefined; contentType: string | undefined; body: unknown }[];
let statuses: number[];

beforeEach(async () => {
  aws.reset();
  aws.on(SuspendProcessesCommand).resolves({});
  answers = [];
  statuses = [];
  cloudFormation = http.createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      answers.push({
        method: request.method,
        contentType: request.headers['content-type'],
        body: JSON.parse(text),
      });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => cloudFormation.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(cloudFormation.address() as AddressInfo).port}/answer?signature=x`;
});

afterEach(async () => {
  recorder.record('autoscaling', aws);
  cloudFormation.closeAllConnections();
  await new Promise((resolve) => cloudFormation.close(resolve));
});

afterAll(() => {
  expect(recorder.actions).toEqual([...SDK_CALLS['suspend-processes']]);
});

test.each(['Create', 'Update'] as const)('%s suspends the processes and says so', async (requestType) => {
  await handle(request(requestType));
  expect(aws.commandCalls(SuspendProcessesCommand).map(({ args: [{ input }] }) => input)).toEqual([
    { AutoScalingGroupName: 'nodes', ScalingProcesses: ['AZRebalance'] },
  ]);
  expect(answers).toEqual([
    {
      method: 'PUT',
      contentType: '',
      body: {
        Status: 'SUCCESS',
        Reason: 'suspended',
        PhysicalResourceId: requestType === 'Create' ? 'suspended-processes/nodes' : 'as-before',
        StackId: 'stack',
        RequestId: 'request',
        LogicalResourceId: 'SuspendedProcesses',
      },
    },
  ]);
});

test('Delete resumes nothing, whatever the group is by then', async () => {
  await handle(request('Delete', {}));
  expect(aws.calls()).toEqual([]);
  expect(answers).toMatchObject([{ body: { Status: 'SUCCESS', PhysicalResourceId: 'as-before' } }]);
});

test('a failure is told to CloudFormation, which would wait for an hour otherwise', async () => {
  aws.on(SuspendProcessesCommand).rejects(new Error('not allowed'));
  await handle(request('Create'));
  expect(answers).toMatchObject([{ body: { Status: 'FAILED', Reason: 'Error: not allowed' } }]);
});

test.each([{}, { AutoScalingGroupName: 'nodes' }, { AutoScalingGroupName: 'nodes', ScalingProcesses: [] }])(
  'with %j nothing is suspended: without names it would be everything',
  async (properties) => {
    await handle(request('Update', properties));
    expect(aws.calls()).toEqual([]);
    expect(answers).toMatchObject([{ body: { Status: 'FAILED' } }]);
  },
);

test('an answer that does not arrive is sent again, and at last fails the invocation', async () => {
  statuses = [500];
  await handle(request('Create'));
  expect(answers).toHaveLength(2);
  statuses = [500, 500, 500];
  await expect(handle(request('Create'))).rejects.toThrow('answered 500');
});

function handle(event: CloudFormationCustomResourceEvent): Promise<void> {
  return createHandler({
    autoScaling: new AutoScalingClient({ region: 'eu-central-1' }),
    respond: (address, body) => putResponse(address, body, [0, 1, 1]),
    log: () => undefined,
  })(event);
}

function request(
  requestType: 'Create' | 'Update' | 'Delete',
  properties: object = { AutoScalingGroupName: 'nodes', ScalingProcesses: ['AZRebalance'] },
): CloudFormationCustomResourceEvent {
  const common = {
    ServiceToken: 'arn',
    ResponseURL: url,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'SuspendedProcesses',
    ResourceType: 'Custom::SuspendedProcesses',
    ResourceProperties: { ServiceToken: 'arn', ...properties },
  };
  if (requestType === 'Create') return { ...common, RequestType: 'Create' };
  if (requestType === 'Delete') {
    return { ...common, RequestType: 'Delete', PhysicalResourceId: 'as-before' };
  }
  return {
    ...common,
    RequestType: 'Update',
    PhysicalResourceId: 'as-before',
    OldResourceProperties: { ServiceToken: 'arn' },
  };
}
