import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { createHandler, type TerminationHandler } from '../../lambdas/termination-policy/create-handler';
import { RedisServer } from '../helpers/redis-server';
import { ActionRecorder, mockSecrets } from './aws-recorder';
import { PlacementFixture } from './placement-fixture';
import { SDK_CALLS } from './sdk-calls';

const A = 'eu-central-1a';
const B = 'eu-central-1b';
const C = 'eu-central-1c';
const PASSWORD = 'the-password-of-the-store';

let server: RedisServer;
let placement: PlacementFixture;
let policy: TerminationHandler;
let lines: Record<string, unknown>[];
const recorder = new ActionRecorder();
const secrets = mockSecrets(() => JSON.stringify({ current: PASSWORD }));

beforeAll(async () => {
  server = await RedisServer.start({ tcp: true });
  await server.requirePassword(PASSWORD);
});

afterAll(async () => {
  await server.stop();
  expect(recorder.actions).toEqual([...SDK_CALLS['termination-policy']]);
});

beforeEach(() => {
  placement = new PlacementFixture(server, PASSWORD);
  lines = [];
  policy = policyFor(server.port);
});

afterEach(() => {
  recorder.record('secretsmanager', secrets);
  secrets.resetHistory();
  policy.close();
  placement.close();
});

describe('scale-in', () => {
  test('ends the instances with the fewest peers, then rooms, then egress: as many as asked', async () => {
    await nodes({ full: 50, busy: 9, calm: 2, idle: 0 });
    expect(await chosen(['full', 'busy', 'calm', 'idle'], 2)).toEqual(['idle', 'calm']);

    await placement.beat('many-rooms', { peers: 2, rooms: 3 });
    await placement.beat('one-room', { peers: 2, rooms: 1 });
    expect(await chosen(['many-rooms', 'one-room'], 1)).toEqual(['one-room']);
  });

  test('ends first whose node is dead or never came', async () => {
    await nodes({ busy: 9, calm: 2, dead: 30 });
    await placement.silence('dead', 20_000);
    expect(await chosen(['busy', 'calm', 'dead', 'booting'], 2)).toEqual(['dead', 'booting']);
  });

  test('ends somebody cheaper than whom Auto Scaling suggests', async () => {
    await nodes({ suggested: 40, cheap: 1, other: 20 });
    await placement.writeInventory({
      isMixed: false,
      instances: ['suggested', 'cheap', 'other'].map((instanceId) => ({ instanceId, availabilityZone: A })),
    });
    expect(await chosen(['suggested'], 1)).toEqual(['cheap']);
  });

  test('keeps to the suggestions in a group that mixes spot and on-demand, share by share', async () => {
    await nodes({ s1: 5, s2: 1, d1: 9, d2: 2, cheap: 0 });
    await placement.writeInventory({
      isMixed: true,
      instances: ['s1', 's2', 'd1', 'd2', 'cheap'].map((instanceId) => ({
        instanceId,
        availabilityZone: A,
      })),
    });
    const { InstanceIDs } = await policy({
      ...event([]),
      CapacityToTerminate: [
        { AvailabilityZone: A, Capacity: 1, InstanceMarketOption: 'spot' },
        { AvailabilityZone: A, Capacity: 1, InstanceMarketOption: 'on-demand' },
      ],
      Instances: [
        ...['s1', 's2'].map((id) => ({ InstanceId: id, AvailabilityZone: A, InstanceMarketOption: 'spot' })),
        ...['d1', 'd2'].map((id) => ({
          InstanceId: id,
          AvailabilityZone: A,
          InstanceMarketOption: 'on-demand',
        })),
      ],
    });
    expect(InstanceIDs).toEqual(['s2', 'd2']);
  });

  test('does not name one that is leaving already', async () => {
    await nodes({ suggested: 40, leaving: 0, other: 20 });
    await placement.writeCommand('leaving', {
      commandId: 'terminate:leaving',
      reason: 'scale-in',
      issuedAtMs: Date.now(),
      deadlineAtMs: Date.now() + 60_000,
    });
    await placement.writeInventory({
      isMixed: false,
      instances: ['suggested', 'leaving', 'other'].map((instanceId) => ({ instanceId, availabilityZone: A })),
    });
    expect(await chosen(['suggested'], 1)).toEqual(['other']);
  });

  test('keeps the zones in balance, within reason', async () => {
    await nodes({ a1: 0, a2: 0, a3: 0, b1: 5, b2: 6, b3: 7, c1: 30, c2: 31, c3: 32 });
    const zoneOf = { a: A, b: B, c: C } as const;
    const instances = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3'].map((instanceId) => ({
      InstanceId: instanceId,
      AvailabilityZone: zoneOf[instanceId[0] as keyof typeof zoneOf],
    }));
    const { InstanceIDs } = await policy({ ...event([], 4), Instances: instances });
    // A third of zone a would leave it three behind zone c: b gives two, and c gives none yet.
    expect(InstanceIDs).toEqual(['a1', 'a2', 'b1', 'b2']);
  });

  test('names all there are when more are asked for, and nobody when none is', async () => {
    await nodes({ one: 1 });
    expect(await chosen(['one'], 3)).toEqual(['one']);
    expect(await chosen(['one'], 0)).toEqual([]);
  });
});

describe('other causes', () => {
  test.each(['INSTANCE_REFRESH', 'MAX_INSTANCE_LIFETIME', 'SOMETHING_NEW'])(
    '%s: only instances of the event, the cheapest first',
    async (cause) => {
      await nodes({ busy: 9, calm: 2, outside: 0 });
      await placement.writeInventory({
        isMixed: false,
        instances: ['busy', 'calm', 'outside'].map((instanceId) => ({ instanceId, availabilityZone: A })),
      });
      const answer = await policy({ ...event(['busy', 'calm'], 1), Cause: cause });
      expect(answer).toEqual({ InstanceIDs: ['calm'] });
    },
  );

  test('REBALANCE: nobody', async () => {
    await nodes({ busy: 9 });
    expect(await policy({ ...event(['busy'], 1), Cause: 'REBALANCE' })).toEqual({ InstanceIDs: [] });
  });
});

describe("the event's own instances are the answer, in time,", () => {
  const suggested = { InstanceIDs: ['x', 'y'] };

  test('when Redis is away', async () => {
    policy.close();
    policy = policyFor(1);
    expect(await policy(event(['x', 'y', 'z'], 2))).toEqual(suggested);
    expect(lines).toContainEqual(expect.objectContaining({ UninformedTerminations: 1 }));
  });

  test('when Redis does not answer any more, connected or not', async () => {
    await nodes({ x: 9, y: 5, z: 1 });
    const fresh = policyFor(server.port);
    expect(await policy(event(['x', 'y', 'z'], 1))).toEqual({ InstanceIDs: ['z'] });
    server.pause();
    try {
      for (const handler of [policy, fresh]) {
        const tookMs: number[] = [];
        for (let round = 0; round < 3; round += 1) {
          const startedAtMs = performance.now();
          expect(await handler(event(['x', 'y', 'z'], 2))).toEqual(suggested);
          tookMs.push(performance.now() - startedAtMs);
        }
        // The fastest: the others measure who else uses this machine. Auto Scaling waits for 2 s.
        expect(Math.min(...tookMs)).toBeLessThan(1_500);
      }
    } finally {
      server.resume();
      fresh.close();
    }
  });

  test('when the secret can not be read', async () => {
    secrets
      .on(GetSecretValueCommand)
      .rejectsOnce(new Error('away'))
      .resolves({ SecretString: JSON.stringify({ current: PASSWORD }) });
    expect(await policy(event(['x', 'y', 'z'], 2))).toEqual(suggested);
    // And the next time it is asked for again.
    await nodes({ x: 9, y: 5, z: 1 });
    expect(await policy(event(['x', 'y', 'z'], 1))).toEqual({ InstanceIDs: ['z'] });
  });

  test('when no node is heard at all', async () => {
    await nodes({ x: 9, y: 1 });
    for (const nodeId of ['x', 'y']) await placement.silence(nodeId, 5_000);
    expect(await policy(event(['x', 'y'], 2))).toEqual(suggested);
  });
});

test.each([undefined, null, 'text', {}, { Instances: 'x', CapacityToTerminate: [{ Capacity: '2' }] }])(
  'an event that is none (%j) gets an answer that names nobody',
  async (raw) => {
    expect(await policy(raw)).toEqual({ InstanceIDs: [] });
  },
);

async function nodes(peers: Record<string, number>): Promise<void> {
  for (const [nodeId, count] of Object.entries(peers)) {
    await placement.beat(nodeId, { peers: count, rooms: count > 0 ? 1 : 0 });
  }
}

async function chosen(instanceIds: string[], count: number): Promise<string[]> {
  return (await policy(event(instanceIds, count))).InstanceIDs;
}

function event(instanceIds: string[], count = 1) {
  return {
    AutoScalingGroupARN:
      'arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:x:autoScalingGroupName/g',
    AutoScalingGroupName: 'g',
    CapacityToTerminate: [{ AvailabilityZone: A, Capacity: count, InstanceMarketOption: 'on-demand' }],
    Instances: instanceIds.map((InstanceId) => ({
      InstanceId,
      AvailabilityZone: A,
      InstanceType: 'c7gn.large',
      InstanceMarketOption: 'on-demand',
    })),
    Cause: 'SCALE_IN',
  };
}

function policyFor(port: number): TerminationHandler {
  return createHandler({
    env: {
      FLEET_REDIS_ENDPOINT: `redis://127.0.0.1:${port}`,
      FLEET_REDIS_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:store',
      FLEET_REDIS_PREFIX: placement.prefix,
      FLEET_ASG_NAME: 'fleet-nodes',
    },
    writeLog: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
}
