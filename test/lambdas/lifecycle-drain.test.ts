import {
  AutoScalingClient,
  type AutoScalingGroup,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  DescribeWarmPoolCommand,
  type Instance,
  RecordLifecycleActionHeartbeatCommand,
  SetInstanceHealthCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { mockClient } from 'aws-sdk-client-mock';
import { createHandler, type LifecycleHandler } from '../../lambdas/lifecycle-drain/create-handler';
import { RedisServer } from '../helpers/redis-server';
import { ActionRecorder, mockSecrets, sentNames } from './aws-recorder';
import { PlacementFixture } from './placement-fixture';
import { SDK_CALLS } from './sdk-calls';

const LEAVER = 'i-00000000000000001';
const OTHER = 'i-00000000000000002';
const THIRD = 'i-00000000000000003';
const FOURTH = 'i-00000000000000004';
const MINUTE = 60_000;
const PASSWORD = 'the-password-of-the-store';

let server: RedisServer;
let placement: PlacementFixture;
let handler: LifecycleHandler;
let lines: Record<string, unknown>[];
let group: AutoScalingGroup | undefined;
const recorder = new ActionRecorder();
const aws = mockClient(AutoScalingClient);
const secrets = mockSecrets(() => JSON.stringify({ current: PASSWORD }));

beforeAll(async () => {
  server = await RedisServer.start({ tcp: true });
  await server.requirePassword(PASSWORD);
});

afterAll(async () => {
  await server.stop();
  expect(recorder.actions).toEqual([...SDK_CALLS['lifecycle-drain']]);
});

beforeEach(async () => {
  placement = new PlacementFixture(server, PASSWORD);
  lines = [];
  group = {
    ...describedGroup([instance(LEAVER, 'Terminating:Wait'), instance(OTHER), instance(THIRD)]),
  };
  aws.reset();
  secrets.resetHistory();
  aws.on(DescribeAutoScalingGroupsCommand).callsFake(() => ({ AutoScalingGroups: group ? [group] : [] }));
  aws.on(DescribeLifecycleHooksCommand).resolves({ LifecycleHooks: [{ GlobalTimeout: 172_800 }] });
  aws.on(DescribeWarmPoolCommand).resolves({ Instances: [] });
  aws.on(RecordLifecycleActionHeartbeatCommand).resolves({});
  aws.on(CompleteLifecycleActionCommand).resolves({});
  aws.on(SetInstanceHealthCommand).resolves({});
  aws.on(TerminateInstanceInAutoScalingGroupCommand).resolves({});
  handler = handlerFor(server.port);
  for (const nodeId of [OTHER, THIRD]) await placement.beat(nodeId);
  await placement.makeOld();
});

afterEach(() => {
  recorder.record('autoscaling', aws);
  recorder.record('secretsmanager', secrets);
  handler.close();
  placement.close();
});

describe('a node that leaves', () => {
  test('is told to empty itself, empties, and ends', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });

    await handler(terminateEvent(LEAVER), context());
    expect(await placement.command(LEAVER)).toMatchObject({ reason: 'scale-in', binding: true });
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat']);

    await placement.settleDrain(LEAVER);
    expect(placement.stateOf(LEAVER)).toBe('DRAINING');
    await sweep();
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat', 'RecordLifecycleActionHeartbeat']);

    await placement.beat(LEAVER, { rooms: 0, peers: 0 });
    await placement.settleDrain(LEAVER);
    expect(placement.stateOf(LEAVER)).toBe('DRAINED');
    await sweep();
    expect(completions()).toEqual(['CONTINUE']);
    expect(await placement.command(LEAVER)).toBeUndefined();
    expect(counted('DrainsCompleted')).toBe(1);
  });

  test('keeps its deadline through duplicate events, late events and sweeps', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });
    await handler(terminateEvent(LEAVER), context());
    const first = await placement.command(LEAVER);
    await placement.settleDrain(LEAVER);

    await Promise.all([handler(terminateEvent(LEAVER), context()), sweep(), sweep()]);
    await placement.redis.hdel(placement.keys.drainCommands, LEAVER);
    await sweep();

    expect(await placement.command(LEAVER)).toEqual(first);
    expect(completions()).toEqual([]);
  });

  test('is found by the sweep when its event was lost', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });
    await sweep();
    expect(await placement.command(LEAVER)).toMatchObject({ reason: 'scale-in' });
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat']);
  });

  test('is known by its event before the group is described anew', async () => {
    group = describedGroup([instance(LEAVER), instance(OTHER), instance(THIRD)]);
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });
    await handler(terminateEvent(LEAVER), context());
    expect(await placement.command(LEAVER)).toMatchObject({ reason: 'scale-in' });
  });

  test.each([
    ['scale-in', 30, '7'],
    ['image-roll', 240, '6'],
  ])('has the window of a %s (%i min) with launch template %s', async (reason, minutes, version) => {
    const leaver = { ...instance(LEAVER, 'Terminating:Wait'), LaunchTemplate: { Version: version } };
    group = describedGroup([leaver, instance(OTHER)]);
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });
    await sweep();
    const command = await placement.command(LEAVER);
    expect(command).toMatchObject({ reason });
    expect((command?.deadlineAtMs ?? 0) - (command?.issuedAtMs ?? 0)).toBe(minutes * MINUTE);
  });

  test('compares with its newest instance in a group that follows the latest template', async () => {
    const old = { ...instance(LEAVER, 'Terminating:Wait'), LaunchTemplate: { Version: '6' } };
    group = {
      ...describedGroup([old, instance(OTHER)]),
      LaunchTemplate: { LaunchTemplateName: 'nodes', Version: '$Latest' },
    };
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });
    await sweep();
    expect(await placement.command(LEAVER)).toMatchObject({ reason: 'image-roll' });
  });

  test('is retained, loudly, when its drain has failed with peers left', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });
    const issuedAtMs = Date.now() - 31 * MINUTE;
    await placement.writeCommand(LEAVER, {
      commandId: `terminate:${LEAVER}`,
      reason: 'scale-in',
      issuedAtMs,
      deadlineAtMs: issuedAtMs + 30 * MINUTE + 30_000,
    });
    await placement.settleDrain(LEAVER);

    await sweep();

    expect(completions()).toEqual(['ABANDON']);
    expect(counted('DrainsFailed')).toBe(1);
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ instanceId: LEAVER }]);
    expect(await placement.command(LEAVER)).toBeDefined();
  });

  test('that never follows is retained soon after its deadline, and has no heartbeat beyond', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });
    const issuedAtMs = Date.now() - 32 * MINUTE;
    await placement.writeCommand(LEAVER, {
      commandId: `terminate:${LEAVER}`,
      reason: 'scale-in',
      issuedAtMs,
      deadlineAtMs: issuedAtMs + 30 * MINUTE,
    });
    await sweep();
    expect(acts()).toEqual(['CompleteLifecycleAction']);
    expect(completions()).toEqual(['ABANDON']);
  });

  test("ends its drain before the hook's last moment, whatever the window", async () => {
    aws.on(DescribeLifecycleHooksCommand).resolves({ LifecycleHooks: [{ GlobalTimeout: 1_200 }] });
    await placement.beat(LEAVER, { rooms: 1, peers: 5 });
    await sweep();
    const command = await placement.command(LEAVER);
    expect((command?.deadlineAtMs ?? 0) - (command?.issuedAtMs ?? 0)).toBe(15 * MINUTE);
  });

  test('ends at once when its node is proven dead', async () => {
    await placement.beat(LEAVER, { rooms: 3, peers: 9 });
    await placement.silence(LEAVER, 20_000);
    await sweep();
    expect(completions()).toEqual(['CONTINUE']);
  });

  test('is waited for while its node is silent for a moment only', async () => {
    await placement.beat(LEAVER, { rooms: 3, peers: 9 });
    await placement.silence(LEAVER, 5_000);
    await sweep();
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat']);
  });

  test('is waited for while Redis has only just come back', async () => {
    await placement.redis.set(placement.keys.generation, String(Date.now() * 1_000));
    await sweep();
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat']);
  });

  test('is waited for while no node at all is heard', async () => {
    await placement.beat(LEAVER, { rooms: 3, peers: 9 });
    for (const nodeId of [LEAVER, OTHER, THIRD]) await placement.silence(nodeId, 60_000);
    await sweep();
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat']);
  });

  test('that placement never knew ends at once', async () => {
    await handler(terminateEvent(LEAVER), context());
    expect(completions()).toEqual(['CONTINUE']);
  });

  test('that nobody knows is left alone', async () => {
    await handler(terminateEvent(FOURTH), context());
    expect(acts()).toEqual([]);
    group = undefined;
    await handler(terminateEvent(LEAVER), context());
    expect(acts()).toEqual([]);
  });

  test('is not asked for by events of another group or hook, or of another kind', async () => {
    const foreign = terminateEvent(LEAVER, { AutoScalingGroupName: 'another' });
    await handler(foreign, context());
    await handler(terminateEvent(LEAVER, { LifecycleHookName: 'another' }), context());
    await handler({ ...foreign, 'detail-type': 'Something Else' }, context());
    expect(sentNames(aws)).toEqual([]);
    await expect(handler(terminateEvent('not-an-id'), context())).rejects.toThrow();
  });

  test('whose hook another invocation has ended is no failure', async () => {
    aws.on(CompleteLifecycleActionCommand).rejects(
      Object.assign(new Error('No active Lifecycle Action found with instance ID'), {
        name: 'ValidationError',
      }),
    );
    await sweep();
    expect(counted('DrainsCompleted')).toBe(0);
  });
});

describe('trouble', () => {
  test('with Redis keeps the hooks alive, and decides nothing', async () => {
    handler.close();
    handler = handlerFor(1);
    await sweep();
    await handler(terminateEvent(LEAVER), context());
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat', 'RecordLifecycleActionHeartbeat']);
    expect(counted('StoreUnavailable')).toBe(2);
  });

  test('with Redis makes a spot notice fail, so that Lambda repeats it', async () => {
    handler.close();
    handler = handlerFor(1);
    await expect(handler(notice('EC2 Spot Instance Interruption Warning', OTHER), context())).rejects.toThrow(
      '1 actions failed',
    );
  });

  test('with Redis that answers nothing any more ends all the same', async () => {
    server.pause();
    try {
      await sweep();
    } finally {
      server.resume();
    }
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat']);
  });

  test('with throttling leaves the rest to the next sweep', async () => {
    group = describedGroup([
      instance(LEAVER, 'Terminating:Wait'),
      instance(OTHER),
      instance(FOURTH, 'Terminating:Wait'),
    ]);
    aws
      .on(CompleteLifecycleActionCommand)
      .rejectsOnce(Object.assign(new Error('Rate exceeded'), { name: 'Throttling' }))
      .resolves({});
    await sweep();
    expect(counted('DrainsCompleted')).toBe(1);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', error: { name: 'Throttling', message: 'Rate exceeded' } }),
    );
    await sweep();
    expect(completions()).toHaveLength(4);
  });

  test('with one instance does not keep the others waiting, and is not passed over', async () => {
    group = describedGroup([
      instance(LEAVER, 'Terminating:Wait'),
      instance(OTHER),
      instance(FOURTH, 'Terminating:Wait'),
    ]);
    aws.on(CompleteLifecycleActionCommand, { InstanceId: LEAVER }).rejects(new Error('broken'));
    await expect(sweep()).rejects.toThrow('1 actions failed');
    expect(counted('DrainsCompleted')).toBe(1);
  });

  test('with describing the group fails the invocation, so that it is repeated', async () => {
    aws.on(DescribeAutoScalingGroupsCommand).rejects(new Error('away'));
    await expect(sweep()).rejects.toThrow('away');
  });
});

describe('spot instances', () => {
  test('that are taken back drain within their two minutes', async () => {
    const event = notice('EC2 Spot Instance Interruption Warning', OTHER);
    await placement.beat(OTHER, { rooms: 1, peers: 2 });
    await handler(event, context());
    await handler(event, context());
    expect(await placement.command(OTHER)).toMatchObject({
      reason: 'spot',
      deadlineAtMs: Date.parse(event.time) + 2 * MINUTE,
    });
    await placement.settleDrain(OTHER);
    expect(placement.stateOf(OTHER)).toBe('DRAINING');
    expect(acts()).toEqual([]);
  });

  test('hurry when they were draining for another reason', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 2 });
    await handler(terminateEvent(LEAVER), context());
    await handler(notice('EC2 Spot Instance Interruption Warning', LEAVER), context());
    await handler(terminateEvent(LEAVER), context());
    await sweep();
    expect(await placement.command(LEAVER)).toMatchObject({ reason: 'spot' });
  });

  test('of somebody else are none of our business', async () => {
    await handler(notice('EC2 Spot Instance Interruption Warning', FOURTH), context());
    expect(await placement.command(FOURTH)).toBeUndefined();
    expect(acts()).toEqual([]);
  });

  test('that AWS may take back drain, are replaced when drained, and never lose to a later scale-in', async () => {
    await placement.beat(OTHER, { rooms: 1, peers: 2 });
    await handler(notice('EC2 Instance Rebalance Recommendation', OTHER), context());
    expect(await placement.command(OTHER)).toMatchObject({ reason: 'rebalance', binding: false });

    await placement.beat(OTHER, { rooms: 0, peers: 0 });
    await placement.settleDrain(OTHER);
    await sweep();
    expect(sent(SetInstanceHealthCommand)).toEqual([
      { InstanceId: OTHER, HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false },
    ]);

    await handler(terminateEvent(OTHER), context());
    expect(completions()).toContain('CONTINUE');
  });

  test('that are recommended to move and then scaled in have what binds', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 2 });
    await placement.writeCommand(LEAVER, {
      commandId: 'rebalance',
      reason: 'rebalance',
      issuedAtMs: Date.now() - 1_000,
      deadlineAtMs: Date.now() + 60_000,
    });
    await sweep();
    expect(await placement.command(LEAVER)).toMatchObject({ reason: 'scale-in', binding: true });
  });
});

describe('instances of the warm pool', () => {
  test('that end are let go on the word of their event', async () => {
    await handler(terminateEvent(FOURTH, { Origin: 'WarmPool', Destination: 'EC2' }), context());
    expect(completions()).toEqual(['CONTINUE']);
  });

  test('that end are let go by the sweep too', async () => {
    group = { ...describedGroup([instance(OTHER), instance(THIRD)]), WarmPoolConfiguration: { MinSize: 1 } };
    aws
      .on(DescribeWarmPoolCommand)
      .resolvesOnce({ Instances: [instance(FOURTH, 'Warmed:Terminating:Wait')], NextToken: 'more' })
      .resolves({ Instances: [instance(LEAVER, 'Warmed:Stopped')] });
    await sweep();
    expect(completions()).toEqual(['CONTINUE']);
    expect(sent(CompleteLifecycleActionCommand)).toMatchObject([{ InstanceId: FOURTH }]);
  });

  test('that a node returns to are drained like any other, by the event and by the sweep', async () => {
    group = {
      ...describedGroup([instance(OTHER), instance(THIRD)]),
      WarmPoolConfiguration: { MinSize: 1 },
    };
    aws.on(DescribeWarmPoolCommand).resolves({ Instances: [instance(LEAVER, 'Warmed:Pending:Wait')] });
    await placement.beat(LEAVER, { rooms: 1, peers: 2 });
    await sweep();
    expect(acts()).toEqual([]);
    const event = terminateEvent(LEAVER, { Origin: 'AutoScalingGroup', Destination: 'WarmPool' });
    await handler(event, context());
    await sweep();
    expect(acts()).toEqual(['RecordLifecycleActionHeartbeat', 'RecordLifecycleActionHeartbeat']);
  });
});

describe('an instance in service', () => {
  beforeEach(() => {
    group = describedGroup([instance(LEAVER), instance(OTHER), instance(THIRD)]);
  });

  test('is replaced once its node is silent for a minute', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 2 });
    await placement.silence(LEAVER, 30_000);
    await sweep();
    expect(acts()).toEqual([]);
    await placement.silence(LEAVER, 70_000);
    await sweep();
    expect(sent(SetInstanceHealthCommand)).toMatchObject([{ InstanceId: LEAVER }]);
    expect(counted('NodesReplaced')).toBe(1);
  });

  test('is replaced when placement has removed its node', async () => {
    await placement.beat(LEAVER);
    await placement.remove(LEAVER, 10_000);
    await sweep();
    expect(acts()).toEqual([]);
    await placement.remove(LEAVER, 70_000);
    await sweep();
    expect(acts()).toEqual(['SetInstanceHealth']);
  });

  test('is left alone while it boots', async () => {
    await sweep();
    expect(acts()).toEqual([]);
  });

  test('is left alone when most seem gone at once', async () => {
    group = describedGroup([instance(LEAVER), instance(OTHER), instance(THIRD)]);
    await placement.beat(LEAVER);
    for (const nodeId of [LEAVER, OTHER]) await placement.silence(nodeId, 300_000);
    await sweep();
    expect(acts()).toEqual([]);
  });

  test('is known to the termination policy by the sweep', async () => {
    group = describedGroup([
      instance(LEAVER, 'Terminating:Wait'),
      instance(OTHER),
      { ...instance(THIRD), ProtectedFromScaleIn: true },
    ]);
    await sweep();
    expect(await placement.inventory()).toMatchObject({
      isMixed: false,
      instances: [{ instanceId: OTHER, availabilityZone: 'eu-central-1a' }],
    });
  });
});

describe('a retained instance', () => {
  beforeEach(() => {
    group = describedGroup([instance(LEAVER, 'Terminating:Retained'), instance(OTHER), instance(THIRD)]);
  });

  test('goes on while its calls do, and is counted', async () => {
    await placement.beat(LEAVER, { rooms: 1, peers: 2 });
    await sweep();
    expect(acts()).toEqual([]);
    expect(counted('RetainedInstances')).toBe(1);
  });

  test('ends when it is empty after all', async () => {
    await placement.beat(LEAVER);
    placement.commandNode(LEAVER, {
      commandId: 'late',
      reason: 'scale-in',
      issuedAtMs: 1,
      deadlineAtMs: 2,
    });
    await placement.settleDrain(LEAVER);
    await sweep();
    expect(sent(TerminateInstanceInAutoScalingGroupCommand)).toEqual([
      { InstanceId: LEAVER, ShouldDecrementDesiredCapacity: false },
    ]);
  });
});

test('no log line carries a password', async () => {
  await placement.beat(LEAVER, { rooms: 1, peers: 2 });
  await sweep();
  expect(JSON.stringify(lines)).not.toContain(PASSWORD);
});

function handlerFor(port: number): LifecycleHandler {
  return createHandler({
    env: {
      FLEET_REDIS_ENDPOINT: `redis://127.0.0.1:${port}`,
      FLEET_REDIS_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:store',
      FLEET_REDIS_PREFIX: placement.prefix,
      FLEET_ASG_NAME: 'fleet-nodes',
      FLEET_HOOK_NAME: 'drain',
      FLEET_DRAIN_SCALE_IN_MINUTES: '30',
      FLEET_DRAIN_IMAGE_ROLL_MINUTES: '240',
      AWS_REGION: 'eu-central-1',
    },
    autoScaling: new AutoScalingClient({ region: 'eu-central-1' }),
    storeTimeoutMs: 500,
    writeLog: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
}

function sweep(): Promise<void> {
  return handler({ 'detail-type': 'Scheduled Event', time: new Date().toISOString(), detail: {} }, context());
}

function context() {
  return { getRemainingTimeInMillis: () => 20_000 };
}

function terminateEvent(instanceId: string, more: Record<string, string> = {}) {
  return {
    'detail-type': 'EC2 Instance-terminate Lifecycle Action',
    source: 'aws.autoscaling',
    time: new Date().toISOString(),
    detail: {
      LifecycleActionToken: '87654321-4321-4321-4321-210987654321',
      AutoScalingGroupName: 'fleet-nodes',
      LifecycleHookName: 'drain',
      EC2InstanceId: instanceId,
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      Origin: 'AutoScalingGroup',
      Destination: 'EC2',
      ...more,
    },
  };
}

function notice(detailType: string, instanceId: string) {
  return {
    'detail-type': detailType,
    source: 'aws.ec2',
    time: new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString(),
    detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
  };
}

function instance(instanceId: string, lifecycleState = 'InService'): Instance {
  return {
    InstanceId: instanceId,
    LifecycleState: lifecycleState as Instance['LifecycleState'],
    AvailabilityZone: 'eu-central-1a',
    HealthStatus: 'Healthy',
    ProtectedFromScaleIn: false,
    LaunchTemplate: { LaunchTemplateName: 'nodes', Version: '7' },
  };
}

function describedGroup(instances: Instance[]): AutoScalingGroup {
  return {
    AutoScalingGroupName: 'fleet-nodes',
    MinSize: 2,
    MaxSize: 20,
    DesiredCapacity: 3,
    DefaultCooldown: 0,
    AvailabilityZones: ['eu-central-1a'],
    HealthCheckType: 'EC2',
    CreatedTime: new Date(0),
    LaunchTemplate: { LaunchTemplateName: 'nodes', Version: '7' },
    Instances: instances,
  };
}

/** What was done, without what was only asked. */
function acts(): string[] {
  return sentNames(aws).filter((name) => !name.startsWith('Describe'));
}

function sent(command: Parameters<typeof aws.commandCalls>[0]): unknown[] {
  return aws.commandCalls(command).map(({ args: [{ input }] }): unknown => input);
}

function completions(): unknown[] {
  return aws
    .commandCalls(CompleteLifecycleActionCommand)
    .map(({ args: [{ input }] }) => input.LifecycleActionResult);
}

/** The sum of a metric over all log lines. */
function counted(metric: string): number {
  return lines.reduce((sum, line) => sum + (typeof line[metric] === 'number' ? line[metric] : 0), 0);
}
