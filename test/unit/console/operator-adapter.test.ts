import type { Connection, Feed } from '../../../web/console/adapters/adapter';
import { OperatorAdapter } from '../../../web/console/adapters/operator-adapter';
import { consoleStateSchema } from '../../../core/protocol/console';
import { ManualClock, settle } from '../../helpers/manual-clock';

const vector = (egressBps: number) => ({ egressBps, packetsPerSecond: egressBps / 10_000 });

const node = (nodeId: string, part: object = {}) => ({
  ...{ nodeId, release: '0.2.0', state: 'SERVING', ready: true, alive: true },
  ...{ capacity: vector(100e6), committed: vector(40e6), measured: vector(30e6) },
  load: { rooms: 2, clients: 9 },
  ...part,
});

/** A node's operator API that says what the test wants. */
class FakeNode {
  readonly asked: { path: string; authorization: string | undefined }[] = [];
  token: string | undefined;
  down = false;
  hangs = false;
  nodes: object[] = [node('node-1'), node('node-2')];
  rooms: object[] = [{ roomId: 'a', nodes: ['node-1'], peers: 4, reserved: vector(6e6) }];
  cursor: string | undefined;
  room: object = {};
  events: object[] = [{ id: '5-0', atMs: 5, kind: 'no-capacity', roomId: 'a', nodeId: '' }];

  readonly fetch: typeof fetch = async (input, init) => {
    const path = input as string;
    const { authorization } = init?.headers as { authorization?: string };
    this.asked.push({ path, authorization });
    if (this.down) throw new TypeError('fetch failed');
    if (this.hangs)
      await new Promise((_, reject) =>
        init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
      );
    if (this.token !== undefined && authorization !== `Bearer ${this.token}`) {
      return Response.json(
        { code: 'FLEET_ERR_TOKEN_INVALID', message: 'the token is not valid' },
        { status: 401 },
      );
    }
    if (path.startsWith('/v1/nodes')) return Response.json({ nodes: this.nodes });
    if (path.startsWith('/v1/rooms/')) return Response.json(this.room);
    if (path.startsWith('/v1/rooms')) return Response.json({ rooms: this.rooms, cursor: this.cursor });
    const events = path.includes('afterId') ? [] : this.events;
    return Response.json({ events });
  };
}

function setUp(prepare: (fake: FakeNode) => void = () => undefined) {
  const fake = new FakeNode();
  prepare(fake);
  const clock = new ManualClock();
  const feeds: Feed[] = [];
  const kept: { token: string | undefined; hidden: boolean } = { token: undefined, hidden: false };
  const adapter = new OperatorAdapter({
    url: '/',
    feed: (feed) => feeds.push(feed),
    fetch: fake.fetch,
    clock,
    isHidden: () => kept.hidden,
    recallToken: () => kept.token,
    rememberToken: (token) => (kept.token = token),
  });
  const connection = (): Connection | undefined =>
    feeds.findLast((feed) => feed.kind === 'connection')?.connection;
  const state = () => feeds.findLast((feed) => feed.kind === 'state')?.state;
  adapter.start();
  return { adapter, fake, clock, feeds, kept, connection, state };
}

test('an open fleet is shown without a token, every two seconds', async () => {
  const { clock, fake, connection, state } = setUp();
  await settle();

  expect(connection()).toEqual({ phase: 'live' });
  expect(consoleStateSchema.parse(state())).toMatchObject({
    mode: 'fleet',
    release: '0.2.0',
    pool: { egressBps: 60e6, safeEgressBps: 200e6, utilization: 0.3, headroomBps: 120e6 },
    rooms: { total: 1, list: [{ roomId: 'a', nodeIds: ['node-1'], peers: 4, egressBps: 6e6 }] },
  });
  expect(state()).not.toHaveProperty('alarms');
  expect(state()).not.toHaveProperty('controls');
  const before = fake.asked.length;
  await clock.advance(2_000);
  expect(fake.asked).toHaveLength(before + 3);
});

test('nodes that drain or are silent do not count for the pool, and a drain is told', async () => {
  const drain = { reason: 'image-roll', deadlineAtMs: 9e6, failed: true };
  const { state } = setUp((fake) => {
    fake.nodes = [
      node('node-1'),
      node('node-2', { alive: false }),
      node('node-3', { state: 'DRAINING', drain, cordon: { reason: 'kernel', sinceMs: 7 } }),
    ];
  });
  await settle();

  expect(state()?.pool).toMatchObject({ egressBps: 30e6, safeEgressBps: 100e6 });
  expect(state()?.nodes[2]).toMatchObject({
    drain: { reason: 'image-roll', remainingRooms: 2, remainingPeers: 9, failed: true },
    cordonReason: 'kernel',
    sinceMs: 7,
  });
});

test('of more rooms than a page the number is told', async () => {
  const { state } = setUp((fake) => (fake.cursor = 'more'));
  await settle();
  expect(state()?.rooms).toMatchObject({ total: 4, list: [{ roomId: 'a' }] });
});

test('events are asked for once each, and told in words', async () => {
  const { clock, fake, feeds } = setUp();
  await settle();
  await clock.advance(2_000);

  expect(fake.asked.filter(({ path }) => path.includes('events')).map(({ path }) => path)).toEqual([
    '/v1/events?limit=200',
    '/v1/events?limit=200&afterId=5-0',
  ]);
  expect(feeds.filter(({ kind }) => kind === 'entries')).toEqual([
    {
      kind: 'entries',
      entries: [
        {
          ...{ sequence: 1, atMs: 5, kind: 'no-capacity', tone: 'bad' },
          text: 'A join of a was refused: no node had headroom',
        },
      ],
    },
  ]);
});

test('a fleet with tokens asks for one; a wrong one is not kept, the right one is', async () => {
  const { adapter, clock, fake, kept, connection } = setUp((fleet) => (fleet.token = 'right'));
  await settle();
  expect(connection()).toEqual({ phase: 'token', problem: undefined });
  await clock.advance(60_000);
  expect(fake.asked).toHaveLength(3);

  adapter.useToken('wrong');
  await settle();
  expect(connection()).toEqual({ phase: 'token', problem: 'the token is not valid' });
  expect(kept.token).toBeUndefined();

  adapter.useToken('right');
  await settle();
  expect(connection()).toEqual({ phase: 'live' });
  expect(kept.token).toBe('right');

  fake.token = 'rotated';
  await clock.advance(2_000);
  expect(connection()).toMatchObject({ phase: 'token' });
  expect(kept.token).toBeUndefined();
});

test('a fleet that does not answer is asked less and less, and at once shown again', async () => {
  const { clock, fake, connection } = setUp((fleet) => (fleet.down = true));
  await settle();
  expect(connection()).toMatchObject({ phase: 'lost', message: 'the fleet does not answer' });
  await clock.advance(120_000);
  expect(fake.asked.length / 3).toBeLessThan(10);

  fake.down = false;
  await clock.advance(30_000);
  expect(connection()).toEqual({ phase: 'live' });
});

test('an answer that never comes is given up', async () => {
  const { clock, connection } = setUp((fleet) => (fleet.hangs = true));
  await clock.advance(8_000);
  expect(connection()).toMatchObject({ phase: 'lost' });
});

test('while nobody looks nothing is asked', async () => {
  const { clock, fake, kept } = setUp();
  await settle();
  kept.hidden = true;
  const before = fake.asked.length;
  await clock.advance(60_000);
  expect(fake.asked).toHaveLength(before);
  kept.hidden = false;
  await clock.advance(2_000);
  expect(fake.asked.length).toBeGreaterThan(before);
});

test('closed it asks no more', async () => {
  const { adapter, clock, fake } = setUp();
  await settle();
  adapter.close();
  const before = fake.asked.length;
  await clock.advance(60_000);
  expect(fake.asked).toHaveLength(before);
  expect(clock.waiting).toBe(0);
});

test('the pipes of a room are shown once each, with where they go and how they fare', async () => {
  const { adapter, fake } = setUp();
  const producers = [
    { producerId: 'p', kind: 'video', spatialLayers: [0, 2] },
    { producerId: 'q', kind: 'audio' },
  ];
  const fares = { producers, bitrateBps: 2e6, rttMs: 34, lossRatio: 0.01 };
  fake.room = {
    live: [
      {
        nodeId: 'node-1',
        room: {
          pipes: [
            { fromWorker: 0, toWorker: 1, producers: [] },
            { toNode: 'node-2', fromWorker: 0, ...fares },
            { toNode: 'node-3', fromWorker: 0, ...fares },
          ],
        },
      },
      { nodeId: 'node-2', room: { pipes: [{ fromNode: 'node-1', toWorker: 2, ...fares }] } },
      { nodeId: 'node-3', error: { code: 'FLEET_ERR_NODE_UNREACHABLE', message: 'm' } },
    ],
  };
  const pipes = await adapter.pipes('a/b');
  expect(fake.asked.at(-1)?.path).toBe('/v1/rooms/a%2Fb');
  const measured = { streams: 2, layers: 2, bitrateBps: 2e6, rttMs: 34, lossRatio: 0.01 };
  expect(pipes).toEqual([
    { from: 'node-1 worker 0', to: 'node-1 worker 1', streams: 0, layers: 0 },
    { from: 'node-1 worker 0', to: 'node-3', ...measured },
    { from: 'node-1', to: 'node-2 worker 2', ...measured },
  ]);
});
