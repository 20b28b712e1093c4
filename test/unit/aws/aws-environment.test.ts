import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { pino } from 'pino';
import type { Clock } from '../../../core/clock';
import type { DrainCommand } from '../../../core/drain/drain-command';
import type { NodeState } from '../../../core/node-state';
import { AwsEnvironment } from '../../../node-app/aws/aws-environment';
import { parseConfig } from '../../../node-app/config';
import { systemClock } from '../../../node-app/system-clock';
import { eventually } from '../../helpers/eventually';
import { ImdsServer } from '../../helpers/imds-server';
import { ActionRecorder } from '../../lambdas/aws-recorder';
import { NODE_SDK_CALLS } from '../../lambdas/sdk-calls';
import { nodeFigures } from './node-figures';

const KEYS = JSON.stringify([{ kid: 'k', alg: 'HS256', secret: 's'.repeat(32) }]);
const TARGET = 'autoscaling/target-lifecycle-state';

/** The machine's time, gone through fifty times as fast. */
const fastClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 50, callback),
  setRepeating: (intervalMs, callback) => systemClock.setRepeating(intervalMs / 50, callback),
};

class RecordingNode {
  entered = 0;
  state: NodeState = 'SERVING';
  drainFailed = false;
  readonly drains: DrainCommand[] = [];

  async enter(): Promise<void> {
    this.entered += 1;
  }

  drain(command: DrainCommand): NodeState {
    this.drains.push(command);
    this.state = 'DRAINING';
    return this.state;
  }

  figures() {
    return nodeFigures({ state: this.state, drainFailed: this.drainFailed });
  }
}

describe('a node on an instance', () => {
  const autoScaling = new AutoScalingClient({ region: 'eu-central-1' });
  const scaling = mockClient(autoScaling);
  const cloudWatch = new CloudWatchClient({ region: 'eu-central-1' });
  const watch = mockClient(cloudWatch);
  const secrets = new SecretsManagerClient({ region: 'eu-central-1' });
  const vault = mockClient(secrets);
  const recorder = new ActionRecorder();
  let imds: ImdsServer;
  let node: RecordingNode;
  const opened: AwsEnvironment[] = [];

  beforeEach(async () => {
    imds = await ImdsServer.start();
    node = new RecordingNode();
    scaling.reset();
    scaling.onAnyCommand().resolves({});
    watch.reset();
    watch.onAnyCommand().resolves({});
  });
  afterEach(async () => {
    for (const environment of opened.splice(0)) environment.close();
    await imds.close();
    recorder.record('autoscaling', scaling);
    recorder.record('cloudwatch', watch);
    recorder.record('secretsmanager', vault);
    vault.reset();
  });

  // After all tests: test/cdk compares the same list with the role's policy.
  afterAll(() => expect(recorder.actions).toEqual([...NODE_SDK_CALLS]));

  const prepare = async (variables: NodeJS.ProcessEnv = {}) => {
    const environment = await AwsEnvironment.prepare({
      environment: {
        FLEET_AWS: '1',
        FLEET_AWS_ASG_NAME: 'nodes',
        FLEET_AWS_LAUNCH_HOOK: 'launch',
        FLEET_AWS_TERMINATE_HOOK: 'terminate',
        FLEET_AWS_HOOK_HEARTBEAT_SECONDS: '30',
        FLEET_TOKEN_KEYS: KEYS,
        FLEET_LINK_SECRETS: 'l'.repeat(32),
        AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
        ...variables,
      },
      clock: fastClock,
      random: () => 0,
      clients: { secrets, cloudWatch, autoScaling },
    });
    opened.push(environment);
    environment.logTo(pino({ level: 'silent' }));
    return environment;
  };
  const want = (state: string) => imds.items.set(TARGET, state);
  const launches = () => scaling.commandCalls(CompleteLifecycleActionCommand).length;
  /** The watcher has looked so many times more; nothing that it set off is still to come. */
  const lookedAgain = async (times: number) => {
    const before = imds.requests.length;
    await eventually(() => imds.requests.length > before + 2 * times);
  };
  const heartbeats = () => scaling.commandCalls(RecordLifecycleActionHeartbeatCommand).length;

  test('is configured by what the instance knows of itself', async () => {
    expect(parseConfig((await prepare()).variables)).toMatchObject({
      FLEET_NODE_ID: 'i-0123456789abcdef0',
      FLEET_REGION: 'eu-central-1',
      FLEET_LISTEN_HOST: '0.0.0.0',
      FLEET_HTTP_PORT: 8_080,
      FLEET_LINK_ADDRESS: '10.0.1.7:4443',
      FLEET_MEDIA_ANNOUNCED_ADDRESS: '203.0.113.7',
      FLEET_MEDIA_PORT_BASE: 10_000,
      // c7gn.large: 5 Gbit/s through the gateway × 0.75, two workers × 70,000.
      FLEET_CAPACITY_EGRESS_BPS: 3_750_000_000,
      FLEET_CAPACITY_PACKETS_PER_SECOND: 140_000,
    });
  });

  test('takes what is given before what the instance says', async () => {
    const { variables } = await prepare({
      FLEET_NODE_ID: 'mine',
      FLEET_LINK_PORT: '4500',
      FLEET_CAPACITY_EGRESS_BPS: '7',
      FLEET_HTTP_PORT: '',
    });
    expect(parseConfig(variables)).toMatchObject({
      FLEET_NODE_ID: 'mine',
      FLEET_LINK_ADDRESS: '10.0.1.7:4500',
      FLEET_CAPACITY_EGRESS_BPS: 7,
      FLEET_HTTP_PORT: 8_080,
    });
  });

  test('reads the secrets that its variables name', async () => {
    vault.on(GetSecretValueCommand, { SecretId: 'fleet/link' }).resolves({
      SecretString: JSON.stringify({ current: 'n'.repeat(32), previous: 'l'.repeat(32) }),
    });
    vault.on(GetSecretValueCommand, { SecretId: 'store' }).resolves({ SecretString: '{"current":"s3cret"}' });
    const { variables, storePasswords } = await prepare({
      FLEET_LINK_SECRETS: '',
      FLEET_LINK_SECRET_ARN: 'fleet/link',
      FLEET_REDIS_URL: 'rediss://store:6380',
      FLEET_REDIS_SECRET_ARN: 'store',
    });
    expect(parseConfig(variables)).toMatchObject({
      FLEET_LINK_SECRETS: ['n'.repeat(32), 'l'.repeat(32)],
      FLEET_REDIS_URL: 'rediss://:s3cret@store:6380',
    });
    // An operator rotates it.
    vault.on(GetSecretValueCommand, { SecretId: 'store' }).resolves({
      SecretString: '{"current":"n3w","previous":"s3cret"}',
    });
    await expect(storePasswords?.()).resolves.toEqual(['n3w', 's3cret']);
  });

  test('does not start where clients could not reach it', async () => {
    imds.items.delete('public-ipv4');
    imds.items.delete('network/interfaces/macs/02:00:00:00:00:01/ipv6s');
    await expect(prepare()).rejects.toThrow('the instance has no public address');
    await expect(prepare({ FLEET_MEDIA_ANNOUNCED_ADDRESS: 'media.example' })).resolves.toBeDefined();
  });

  test('a wrong variable is named', async () => {
    await expect(prepare({ FLEET_AWS_HOOK_HEARTBEAT_SECONDS: '10' })).rejects.toThrow(
      'FLEET_AWS_HOOK_HEARTBEAT_SECONDS must be at least 30',
    );
  });

  test('in service takes work, completes its launch, and publishes', async () => {
    want('InService');
    await (await prepare()).attach(node);
    expect(node.entered).toBe(1);
    await eventually(() => launches() === 1);
    expect(scaling.commandCalls(CompleteLifecycleActionCommand)[0]?.args[0].input).toEqual({
      AutoScalingGroupName: 'nodes',
      LifecycleHookName: 'launch',
      InstanceId: 'i-0123456789abcdef0',
      LifecycleActionResult: 'CONTINUE',
    });
    await eventually(() => watch.commandCalls(PutMetricDataCommand).length > 0);
  });

  test('waits in the warm pool without being known to placement, and serves when it leaves it', async () => {
    want('Warmed:Running');
    await (await prepare()).attach(node);
    await eventually(() => launches() === 1);
    expect(node.entered).toBe(0);
    want('InService');
    await eventually(() => node.entered === 1);
    await eventually(() => launches() === 2);
  });

  test('thrown out of the warm pool has nobody to see off', async () => {
    want('Warmed:Stopped');
    await (await prepare()).attach(node);
    want('Terminated');
    await lookedAgain(3);
    expect(node.drains).toEqual([]);
    expect(node.entered).toBe(0);
  });

  test('drains when Auto Scaling ends it, and keeps the hook waiting until it is empty', async () => {
    want('InService');
    await (await prepare({ FLEET_AWS_DRAIN_MINUTES: '45' })).attach(node);
    want('Terminated');
    await eventually(() => heartbeats() >= 3);
    const [drain] = node.drains;
    expect(node.drains).toHaveLength(1);
    expect(drain).toMatchObject({ reason: 'scale-in' });
    // The Lambda, which knows the reason, may have spoken up to a minute earlier and still has the last word.
    expect((drain?.deadlineAtMs ?? 0) - (drain?.issuedAtMs ?? 0)).toBe(45 * 60_000 + 60_000);
    node.state = 'DRAINED';
    const last = heartbeats();
    await lookedAgain(12);
    expect(heartbeats()).toBeLessThanOrEqual(last + 1);
  });

  test('stops keeping the hook waiting when its drain has failed', async () => {
    want('InService');
    await (await prepare()).attach(node);
    want('Terminated');
    await eventually(() => heartbeats() >= 1);
    node.drainFailed = true;
    const last = heartbeats();
    await lookedAgain(12);
    expect(heartbeats()).toBeLessThanOrEqual(last + 1);
  });

  test('says that it reports as long as Auto Scaling counts it, and no longer', async () => {
    const isReporting = () =>
      watch
        .commandCalls(PutMetricDataCommand)
        .map(({ args: [{ input }] }) =>
          input.MetricData?.some(({ MetricName }) => MetricName === 'InServiceNodes'),
        );
    want('InService');
    await (await prepare()).attach(node);
    node.state = 'CORDONED';
    await eventually(() => isReporting().at(-1) === true);
    want('Terminated');
    await eventually(() => isReporting().at(-1) === false);
  });

  test('a spot notice is a drain with the notice’s own deadline, once', async () => {
    want('InService');
    await (await prepare()).attach(node);
    const atMs = Math.ceil((Date.now() + 120_000) / 1_000) * 1_000;
    imds.items.set(
      'spot/instance-action',
      JSON.stringify({ action: 'terminate', time: new Date(atMs).toISOString() }),
    );
    await eventually(() => node.drains.length > 0);
    await lookedAgain(3);
    expect(node.drains).toEqual([expect.objectContaining({ reason: 'spot', deadlineAtMs: atMs })]);
  });

  test('a metadata service that falls silent empties nothing', async () => {
    want('InService');
    await (await prepare()).attach(node);
    imds.failures = 30;
    await eventually(() => imds.failures === 0);
    expect(node.drains).toEqual([]);
    want('Terminated');
    await eventually(() => node.drains.length === 1);
  });

  test('of which Auto Scaling says nothing serves after half a minute', async () => {
    const environment = await prepare();
    await environment.attach(node);
    expect(node.entered).toBe(0);
    await eventually(() => node.entered === 1);
  });

  test('without a group serves at once, and tells no group anything', async () => {
    await (await prepare({ FLEET_AWS_ASG_NAME: '' })).attach(node);
    expect(node.entered).toBe(1);
    want('Terminated');
    await eventually(() => node.drains.length === 1);
    expect(scaling.calls()).toHaveLength(0);
    expect(watch.calls()).toHaveLength(0);
  });

  test('tries to complete its launch again, and gives up where nothing waits', async () => {
    want('InService');
    scaling
      .on(CompleteLifecycleActionCommand)
      .rejectsOnce(new Error('Rate exceeded'))
      .rejects(new Error('No active Lifecycle Action found with instance ID i-0'));
    await (await prepare()).attach(node);
    await eventually(() => launches() === 10);
    await lookedAgain(5);
    expect(launches()).toBe(10);
    expect(node.entered).toBe(1);
  });
});
