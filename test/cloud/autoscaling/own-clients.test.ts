import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { pino } from 'pino';
import { ScalingGroup } from '../../../lambdas/lifecycle-drain/scaling-group';
import { createHandler as createSuspendHandler } from '../../../lambdas/suspend-processes/create-handler';
import { chooseInstances } from '../../../lambdas/termination-policy/choose-instances';
import { readTerminationEvent } from '../../../lambdas/termination-policy/termination-event';
import { autoScalingService } from '../../../local/cloud/autoscaling/auto-scaling-service';
import { AwsEndpoint } from '../../../local/cloud/wire/aws-endpoint';
import { LifecycleActions } from '../../../node-app/aws/lifecycle-actions';
import { AutoScalingLab, FUNCTION_ARN, instancesOf, LAUNCH_HOOK, TERMINATE_HOOK } from './auto-scaling-lab';

// What the node app and the Lambdas run on AWS, unmodified, over the wire.

let lab: AutoScalingLab;
let endpoint: AwsEndpoint;
let client: AutoScalingClient;
const { signal } = new AbortController();

beforeEach(async () => {
  lab = new AutoScalingLab();
  endpoint = await AwsEndpoint.start({
    services: [autoScalingService(lab.model)],
    onUnexpected: ({ operation, error }) => console.error(operation, error),
  });
  client = new AutoScalingClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await endpoint.close();
  lab.model.close();
});

function nodeOf(instanceId: string): LifecycleActions {
  return new LifecycleActions({
    client,
    autoScalingGroupName: 'nodes',
    instanceId,
    launchHook: 'serve',
    terminateHook: 'drain',
    heartbeatTimeoutSeconds: 1_800,
    clock: lab.clock,
    logger: pino({ level: 'silent' }),
  });
}

async function serving() {
  const group = lab.createGroup({
    hooks: [LAUNCH_HOOK, TERMINATE_HOOK],
    terminateHookAbandon: 'retain',
    terminationPolicies: [FUNCTION_ARN, 'Default'],
  });
  await lab.clock.advance(8_000);
  for (const { instanceId } of instancesOf(group)) await nodeOf(instanceId).completeLaunch();
  await lab.settle();
  return group;
}

test('a node completes its launch', async () => {
  const group = await serving();
  expect(group.state.inService()).toHaveLength(2);
});

test('lifecycle-drain sees the group, keeps a hook alive, retains and ends an instance', async () => {
  const group = await serving();
  const drain = new ScalingGroup({ client, groupName: 'nodes', hookName: 'drain' });
  const [instance] = instancesOf(group);
  if (!instance) throw new Error('nothing was launched');
  const { instanceId } = instance;
  expect(await drain.describe(signal)).toMatchObject({
    launchTemplateVersion: 1,
    isMixed: false,
    hookGlobalTimeoutMs: 48 * 3_600_000,
    instances: [{ instanceId, lifecycleState: 'InService', launchTemplateVersion: 1 }, {}],
  });
  expect(await drain.heartbeat(instanceId, signal)).toBe(false);
  expect(await drain.markUnhealthy(instanceId, signal)).toBe(true);
  expect(instance.state).toBe('Terminating:Wait');

  // 40 minutes, over the 30 of the hook.
  for (let minutes = 0; minutes < 40; minutes += 20) {
    await lab.clock.advance(1_200_000);
    expect(await drain.heartbeat(instanceId, signal)).toBe(true);
  }
  expect(await drain.complete(instanceId, 'ABANDON', signal)).toBe(true);
  expect(instance.state).toBe('Terminating:Retained');
  expect(await drain.complete(instanceId, 'CONTINUE', signal)).toBe(false);
  expect(await drain.terminateRetained(instanceId, signal)).toBe(true);
  expect(await drain.terminateRetained(instanceId, signal)).toBe(false);
  await lab.clock.advance(10_000);
  expect(await drain.terminateRetained(instanceId, signal)).toBe(false);
  expect(await drain.markUnhealthy(instanceId, signal)).toBe(false);
});

test('it sees the warm pool too, and no group that does not exist', async () => {
  const group = lab.createGroup();
  group.setWarmPool({
    minSize: 1,
    maxGroupPreparedCapacity: 0,
    poolState: 'Stopped',
    reuseOnScaleIn: false,
  });
  await lab.settle();
  const view = await new ScalingGroup({ client, groupName: 'nodes', hookName: 'drain' }).describe(signal);
  expect(view?.instances.map(({ lifecycleState }) => lifecycleState)).toEqual([
    'InService',
    'InService',
    'Warmed:Stopped',
  ]);
  expect(
    await new ScalingGroup({ client, groupName: 'none', hookName: 'drain' }).describe(signal),
  ).toBeUndefined();
});

test('termination-policy understands what it is asked, and its answer is carried out', async () => {
  const group = await serving();
  lab.answerTermination = async (payload) => ({
    ok: true,
    payload: { InstanceIDs: chooseInstances(readTerminationEvent(payload), undefined) },
  });
  group.state.settings = { ...group.state.settings, minSize: 1 };
  group.state.setDesired(1, 'a test');
  group.reconcile();
  await lab.clock.advance(1_000);
  expect(instancesOf(group).filter(({ isTerminating }) => isTerminating)).toHaveLength(1);
});

test('suspend-processes suspends', async () => {
  const group = await serving();
  const answers: string[] = [];
  const handler = createSuspendHandler({
    autoScaling: client,
    respond: async (_url, body) => void answers.push(body),
    log: () => {},
  });
  await handler({
    RequestType: 'Create',
    ServiceToken: 'arn',
    ResponseURL: 'https://example.com',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Suspended',
    ResourceType: 'Custom::SuspendedProcesses',
    ResourceProperties: {
      ServiceToken: 'arn',
      AutoScalingGroupName: 'nodes',
      ScalingProcesses: ['AZRebalance'],
    },
  } satisfies CloudFormationCustomResourceEvent);
  expect([...group.state.suspended]).toEqual(['AZRebalance']);
  expect(answers).toMatchObject([expect.stringContaining('SUCCESS')]);
});
