import { roomDemand, withPeer, NO_PEERS } from '../../core/capacity/egress-model';
import { ZERO_VECTOR } from '../../core/capacity/headroom';
import type { Placement, RoomReport } from '../../core/placement/placement-port';
import type { SelectorPolicy } from '../../core/placement/selector-policy';
import { RedisServer } from '../helpers/redis-server';
import { AUDIENCE, BOTH, TEST_CAPACITY, TestFleet } from '../helpers/test-fleet';

let server: RedisServer;
let fleet: TestFleet;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(async () => {
  await server.stop();
});

beforeEach(() => {
  fleet = new TestFleet(server);
});

afterEach(async () => {
  await fleet.close();
});

const meeting = (people: number) => roomDemand(withPeer(NO_PEERS, BOTH, people));

/** The room as its node would report it when `peers` people send and receive. */
function reportOf(placement: Placement, peers: number, overrides: Partial<RoomReport> = {}): RoomReport {
  return {
    roomId: placement.roomId,
    epoch: placement.epoch,
    peers,
    publishers: peers,
    subscribers: peers,
    expectedPeers: placement.claim.expectedPeers,
    reserved: meeting(placement.claim.expectedPeers),
    ...overrides,
  };
}

describe('placing a peer', () => {
  test('a new room gets a node, an epoch and a reservation for its expected size', async () => {
    await fleet.serve(['a']);
    const placement = await fleet.place('r', { expectedPeers: 5 });
    expect(placement).toMatchObject({
      roomId: 'r',
      nodeId: 'a',
      linkAddress: 'a.test:4444',
      nodes: ['a'],
      created: true,
      epoch: fleet.nowMs * 1_000,
      claim: { expectedPeers: 5, reserved: meeting(5) },
    });
    expect(await fleet.store.findRoom('r')).toEqual({
      roomId: 'r',
      nodes: ['a'],
      epoch: placement.epoch,
      peers: 1,
      expectedPeers: 5,
      reserved: meeting(5),
    });
    expect(await fleet.store.findNode('a')).toMatchObject({ committed: meeting(5), alive: true });
  });

  test('peers within the expected size stay on the node and reserve nothing more', async () => {
    await fleet.serve(['a', 'b', 'c']);
    const first = await fleet.place('r', { expectedPeers: 5 });
    for (let peer = 2; peer <= 5; peer += 1) {
      const next = await fleet.place('r');
      expect(next).toMatchObject({ nodeId: first.nodeId, created: false, epoch: first.epoch });
      expect(next.claim.reserved).toEqual(ZERO_VECTOR);
      expect(next.claim.seq).toBeGreaterThan(first.claim.seq);
    }
  });

  test('growth beyond the expected size reserves what the room then needs in all', async () => {
    await fleet.serve(['a']);
    await fleet.place('r', { expectedPeers: 3 });
    for (let peer = 2; peer <= 3; peer += 1) await fleet.place('r');
    const fourth = await fleet.place('r');
    expect(fourth.claim.expectedPeers).toBe(4);
    expect((await fleet.store.findRoom('r'))?.reserved).toEqual(meeting(4));
    expect((await fleet.store.findNode('a'))?.committed).toEqual(meeting(4));
  });

  test('viewers of a broadcast reserve one picture each, and the sender nothing', async () => {
    await fleet.serve(['a']);
    const sender = await fleet.place('r', { expectedPeers: 1, role: { publishes: true, subscribes: false } });
    expect(sender.claim.reserved).toEqual(ZERO_VECTOR);
    const viewer = await fleet.place('r', { role: AUDIENCE });
    expect(viewer.claim.reserved.egressBps).toBe(Math.ceil(1.06 * 1_732_000));
  });

  test('a peer for whom no node has headroom gets NO_CAPACITY, a retry-after and an event', async () => {
    await fleet.serve(['a']);
    const first = await fleet.place('r', { expectedPeers: 2 });
    await fleet.beat(first.nodeId, {
      measured: TEST_CAPACITY,
      seenClaims: [first.claim.seq],
      rooms: [reportOf(first, 1)],
    });
    await expect(fleet.place('r', { role: BOTH })).resolves.toMatchObject({
      claim: { reserved: ZERO_VECTOR },
    });
    const growth = fleet.place('r');
    await expect(growth).rejects.toMatchObject({ code: 'FLEET_ERR_NO_CAPACITY', retryAfterMs: 5_000 });
    const events = await fleet.store.readEvents();
    expect(events.filter((event) => event.kind === 'no-capacity')).toEqual([
      expect.objectContaining({ roomId: 'r', nodeId: first.nodeId, atMs: fleet.nowMs }),
    ]);
    expect(await fleet.store.readEvents({ afterId: events.at(-1)?.id ?? '' })).toEqual([]);
  });

  test('a full fleet answers NO_CAPACITY in either dimension, and never overcommits', async () => {
    await fleet.serve(['a'], { capacity: { egressBps: meeting(4).egressBps, packetsPerSecond: 1e9 } });
    await fleet.serve(['b'], {
      capacity: { egressBps: 1e12, packetsPerSecond: meeting(4).packetsPerSecond },
    });
    const placed = [await fleet.place('r1'), await fleet.place('r2')];
    expect(placed.map((placement) => placement.nodeId).sort()).toEqual(['a', 'b']);
    await expect(fleet.place('r3')).rejects.toMatchObject({ code: 'FLEET_ERR_NO_CAPACITY' });
    await expect(fleet.place('r4', { expectedPeers: 1 })).rejects.toMatchObject({
      code: 'FLEET_ERR_NO_CAPACITY',
    });
  });

  test.each(['least-egress', 'best-fit'] as const)(
    'network-rich nodes without packets left do not hide a node that has both: %s',
    async (selector) => {
      const rich = Array.from({ length: 20 }, (_, i) => `rich-${i}`);
      await fleet.serve(rich, {
        capacity: { egressBps: 5e9, packetsPerSecond: 1_000 },
        committed: { egressBps: 0, packetsPerSecond: 900 },
      });
      await fleet.serve(['plain']);
      expect((await fleet.place('r', { policy: { selector } })).nodeId).toBe('plain');
    },
  );

  test.each([
    ['empty room id', { roomId: '' }],
    ['long room id', { roomId: 'x'.repeat(257) }],
    ['expected size of nobody', { expectedPeers: 0 }],
    ['expected size of half a person', { expectedPeers: 1.5 }],
    ['expected size that is no number', { expectedPeers: Number.NaN }],
  ])('an %s is a bad request', async (_what, request) => {
    await fleet.serve(['a']);
    await expect(fleet.place('r', request)).rejects.toMatchObject({ code: 'FLEET_ERR_BAD_REQUEST' });
  });

  test('room ids may hold any characters', async () => {
    await fleet.serve(['a']);
    for (const roomId of ['zwölf 🎉', 'a\nb', 'a\0b', '{x}:rooms', '-1', '"\'\\']) {
      await fleet.place(roomId);
      expect((await fleet.store.findRoom(roomId))?.nodes).toEqual(['a']);
      await fleet.place(roomId);
    }
    const { rooms } = await fleet.store.listRooms();
    expect(rooms.map((room) => room.roomId)).toContain('a\0b');
  });

  test('a virtual clock is refused outside a simulator keyspace', async () => {
    const store = fleet.openStore({ keyPrefix: 'live' });
    await expect(store.heartbeat(fleet.heartbeatOf('a'))).rejects.toMatchObject({
      code: 'FLEET_ERR_INTERNAL',
    });
  });
});

describe('node states', () => {
  test.each(['CORDONED', 'DRAINING'] as const)(
    'a %s node gets no new room but still takes peers of its own',
    async (state) => {
      await fleet.serve(['a']);
      const room = await fleet.place('r', { expectedPeers: 2 });
      await fleet.beat('a', { state, seenClaims: [room.claim.seq], rooms: [reportOf(room, 1)] });
      for (let peer = 2; peer <= 4; peer += 1) expect((await fleet.place('r')).nodeId).toBe('a');
      await expect(fleet.place('other')).rejects.toMatchObject({ code: 'FLEET_ERR_NO_CAPACITY' });
      await fleet.serve(['b']);
      expect((await fleet.place('other')).nodeId).toBe('b');
    },
  );

  test('an unready node gets no new room, in every policy', async () => {
    const capacity = { egressBps: 1e12, packetsPerSecond: 1e9 };
    await fleet.serve(['a'], { ready: false, capacity });
    await fleet.serve(['b'], { capacity });
    for (const policy of POLICIES) {
      for (let i = 0; i < 5; i += 1) {
        const room = await fleet.place(`r-${JSON.stringify(policy)}-${i}`, { policy, expectedPeers: 2 });
        expect(room.nodeId).toBe('b');
      }
    }
  });

  test('a room leaves a drained node at once', async () => {
    await fleet.serve(['a']);
    const room = await fleet.place('r');
    await fleet.serve(['b']);
    await fleet.beat('a', { state: 'DRAINED' });
    const moved = await fleet.place('r');
    expect(moved).toMatchObject({ nodeId: 'b', created: true });
    expect(moved.epoch).toBeGreaterThan(room.epoch);
  });

  test('a cordoned node is chosen again after it is uncordoned', async () => {
    await fleet.serve(['a']);
    await fleet.beat('a', { state: 'CORDONED' });
    await expect(fleet.place('r')).rejects.toMatchObject({ code: 'FLEET_ERR_NO_CAPACITY' });
    await fleet.beat('a');
    expect((await fleet.place('r')).nodeId).toBe('a');
  });
});

const POLICIES: SelectorPolicy[] = [
  { selector: 'least-egress' },
  { selector: 'best-fit' },
  ...(['any', 'cpuload', 'sysload'] as const).flatMap((kind) =>
    (['random', 'sysload', 'cpuload', 'rooms', 'clients', 'tracks', 'bytespersec'] as const).flatMap(
      (sortBy) =>
        (['lowest', 'twochoice'] as const).map((algorithm): SelectorPolicy => ({
          selector: 'livekit',
          kind,
          sortBy,
          algorithm,
        })),
    ),
  ),
];

describe('selectors', () => {
  test('least-egress takes the node with the most headroom, best-fit the fullest that still fits', async () => {
    await fleet.serve(['full'], { committed: TEST_CAPACITY });
    await fleet.serve(['half'], { committed: { egressBps: 50_000_000, packetsPerSecond: 1_000 } });
    await fleet.serve(['idle']);
    for (const [nodeId, egressBps] of [
      ['full', 100e6],
      ['half', 50e6],
      ['idle', 0],
    ] as const) {
      await fleet.beat(nodeId, { committed: { egressBps, packetsPerSecond: 0 } });
    }
    expect((await fleet.place('r1', { policy: { selector: 'least-egress' } })).nodeId).toBe('idle');
    expect((await fleet.place('r2', { policy: { selector: 'best-fit' } })).nodeId).toBe('half');
  });

  test.each(['sysload', 'cpuload', 'rooms', 'clients', 'tracks', 'bytespersec'] as const)(
    'livekit sorts by %s, and counts what it has placed itself',
    async (sortBy) => {
      const load = { cpuLoad: 0.5, sysLoad: 0.5, rooms: 5, clients: 5, tracks: 5, bytesPerSecond: 5e6 };
      const field =
        ({ sysload: 'sysLoad', cpuload: 'cpuLoad', bytespersec: 'bytesPerSecond' } as const)[
          sortBy as string
        ] ?? sortBy;
      await fleet.serve(['more', 'less']);
      await fleet.beat('more', { load });
      await fleet.beat('less', { load: { ...load, [field]: load[field as keyof typeof load] * 0.5 } });
      const policy: SelectorPolicy = { selector: 'livekit', kind: 'any', sortBy, algorithm: 'lowest' };
      expect((await fleet.place('r0', { policy })).nodeId).toBe('less');
      expect((await fleet.place('t0', { policy: { ...policy, algorithm: 'twochoice' } })).nodeId).toBe(
        'less',
      );
      const nodes = new Set<string>();
      for (let i = 1; i < 20; i += 1)
        nodes.add((await fleet.place(`r${i}`, { policy, expectedPeers: 2 })).nodeId);
      expect(nodes).toEqual(new Set(['more', 'less']));
    },
  );

  test.each(['cpuload', 'sysload'] as const)(
    'kind %s leaves out nodes above the load limit',
    async (kind) => {
      const load = { cpuLoad: 0, sysLoad: 0, rooms: 0, clients: 0, tracks: 0, bytesPerSecond: 0 };
      const field = kind === 'cpuload' ? 'cpuLoad' : 'sysLoad';
      const hot = Array.from({ length: 20 }, (_, i) => `hot-${i}`);
      await fleet.serve([...hot, 'cool']);
      for (const nodeId of hot) await fleet.beat(nodeId, { load: { ...load, [field]: 0.95 } });
      await fleet.beat('cool', { load: { ...load, [field]: 0.2, rooms: 50 } });
      for (const algorithm of ['lowest', 'twochoice'] as const) {
        const policy: SelectorPolicy = { selector: 'livekit', kind, sortBy: 'rooms', algorithm };
        expect((await fleet.place(`r-${algorithm}`, { policy })).nodeId).toBe('cool');
      }
      const strict: SelectorPolicy = {
        selector: 'livekit',
        kind,
        sortBy: 'rooms',
        algorithm: 'lowest',
        loadLimit: 0.1,
      };
      await expect(fleet.place('strict', { policy: strict })).rejects.toMatchObject({
        code: 'FLEET_ERR_NO_CAPACITY',
      });
    },
  );

  test('every policy finds the one node of forty that has room, and says NO_CAPACITY after that', async () => {
    const nodes = Array.from({ length: 40 }, (_, i) => `n${i}`);
    await fleet.serve(nodes);
    for (const policy of POLICIES) {
      const round = JSON.stringify(policy);
      for (const nodeId of nodes) {
        await fleet.beat(nodeId, nodeId === 'n7' ? { capacity: meeting(4) } : { committed: TEST_CAPACITY });
      }
      const placed = await fleet.place(round, { policy });
      expect(placed.nodeId).toBe('n7');
      await expect(fleet.place(`${round}-2`, { policy })).rejects.toMatchObject({
        code: 'FLEET_ERR_NO_CAPACITY',
      });
      await fleet.store.releaseClaim({ nodeId: 'n7', roomId: round, seq: placed.claim.seq });
    }
  });

  test('idle nodes share rooms that reserve nothing', async () => {
    const nodes = Array.from({ length: 10 }, (_, i) => `n${i}`);
    await fleet.serve(nodes);
    const used = new Set<string>();
    for (let i = 0; i < 200; i += 1) used.add((await fleet.place(`r${i}`, { expectedPeers: 1 })).nodeId);
    expect(used.size).toBe(10);
  });

  test('a burst does not herd: the join before yours counts', async () => {
    const nodes = Array.from({ length: 10 }, (_, i) => `n${i}`);
    await fleet.serve(nodes);
    const rooms = await Promise.all(Array.from({ length: 100 }, (_, i) => fleet.place(`r${i}`)));
    const perNode = nodes.map((nodeId) => rooms.filter((room) => room.nodeId === nodeId).length);
    expect(Math.max(...perNode) - Math.min(...perNode)).toBeLessThanOrEqual(1);
  });
});

describe('claims', () => {
  test('a heartbeat in flight never erases a claim', async () => {
    await fleet.serve(['a']);
    const first = await fleet.place('r1');
    const second = await fleet.place('r2');
    await fleet.beat('a', {
      committed: meeting(4),
      seenClaims: [second.claim.seq],
      rooms: [reportOf(second, 1)],
    });
    expect((await fleet.store.findNode('a'))?.committed.egressBps).toBe(2 * meeting(4).egressBps);
    await fleet.beat('a', {
      committed: { egressBps: 2 * meeting(4).egressBps, packetsPerSecond: 0 },
      seenClaims: [first.claim.seq],
      rooms: [reportOf(first, 1)],
    });
    expect((await fleet.store.findNode('a'))?.committed.egressBps).toBe(2 * meeting(4).egressBps);
  });

  test('a claim that nobody saw is void after 10 s, and with it a room that only it made', async () => {
    await fleet.serve(['a']);
    await fleet.place('r');
    for (let second = 1; second < 10; second += 1) {
      fleet.nowMs += 1_000;
      await fleet.beat('a');
      expect((await fleet.store.findNode('a'))?.committed).toEqual(meeting(4));
    }
    fleet.nowMs += 1_000;
    await fleet.beat('a');
    expect((await fleet.store.findNode('a'))?.committed).toEqual(ZERO_VECTOR);
    expect(await fleet.store.findRoom('r')).toBeUndefined();
  });

  test('releasing a claim gives its reservation back, once', async () => {
    await fleet.serve(['a']);
    const kept = await fleet.place('kept');
    const room = await fleet.place('r');
    for (let i = 0; i < 2; i += 1) {
      await fleet.store.releaseClaim({ nodeId: 'a', roomId: 'r', seq: room.claim.seq });
      expect(await fleet.store.findRoom('r')).toBeUndefined();
      expect(await fleet.store.findNode('a')).toMatchObject({
        committed: kept.claim.reserved,
        load: { rooms: 1, clients: 1, tracks: 2 },
      });
    }
    expect(await fleet.redis.zscore(`{${fleet.prefix}}:by:headroom`, 'a')).toBe(
      String(Math.min(100e6 - meeting(4).egressBps, (20_000 - meeting(4).packetsPerSecond) * 8_480)),
    );
  });

  test('a confirmed claim can not be released', async () => {
    await fleet.serve(['a']);
    const room = await fleet.place('r');
    await fleet.beat('a', {
      committed: meeting(4),
      seenClaims: [room.claim.seq],
      rooms: [reportOf(room, 1)],
    });
    await fleet.store.releaseClaim({ nodeId: 'a', roomId: 'r', seq: room.claim.seq });
    expect((await fleet.store.findRoom('r'))?.peers).toBe(1);
    expect((await fleet.store.findNode('a'))?.committed).toEqual(meeting(4));
  });

  test('a peer that came and went between two heartbeats leaves nothing in the count', async () => {
    await fleet.serve(['a']);
    const first = await fleet.place('r');
    await fleet.beat('a', { seenClaims: [first.claim.seq], rooms: [reportOf(first, 1)] });
    const second = await fleet.place('r');
    expect((await fleet.store.findRoom('r'))?.peers).toBe(2);
    await fleet.beat('a', { seenClaims: [second.claim.seq] });
    expect((await fleet.store.findRoom('r'))?.peers).toBe(1);
  });

  test('a heartbeat that was held up and arrives after a newer one changes nothing', async () => {
    await fleet.serve(['a']);
    const old = fleet.heartbeatOf('a', { committed: TEST_CAPACITY });
    await fleet.beat('a', { acknowledgedSeq: 2 });
    await fleet.store.heartbeat(old);
    expect((await fleet.store.findNode('a'))?.committed).toEqual(ZERO_VECTOR);
  });
});

describe('rooms that end', () => {
  test('the record goes with home and epoch, and the next room of that name pattern is sized by it', async () => {
    await fleet.serve(['a']);
    const monday = await fleet.place('standup-1');
    expect(monday.claim.expectedPeers).toBe(4);
    await fleet.beat('a', { seenClaims: [monday.claim.seq], rooms: [reportOf(monday, 9)] });
    await fleet.beat('a', { endedRooms: [{ roomId: 'standup-1', epoch: monday.epoch, peakPeers: 9 }] });
    expect(await fleet.store.findRoom('standup-1')).toBeUndefined();
    const tuesday = await fleet.place('standup-2');
    expect(tuesday.claim).toMatchObject({ expectedPeers: 9, reserved: meeting(9) });
    await fleet.beat('a', { seenClaims: [tuesday.claim.seq], rooms: [reportOf(tuesday, 2)] });
    await fleet.beat('a', { endedRooms: [{ roomId: 'standup-2', epoch: tuesday.epoch, peakPeers: 2 }] });
    // 9 + 0.3 × (2 − 9) = 6.9
    expect((await fleet.place('standup-3')).claim.expectedPeers).toBe(7);
    expect((await fleet.place('standup-4', { expectedPeers: 3 })).claim.expectedPeers).toBe(3);
    expect((await fleet.place('another')).claim.expectedPeers).toBe(4);
  });

  test('nobody learns from a room in which one person waited', async () => {
    await fleet.serve(['a']);
    const room = await fleet.place('standup-1');
    await fleet.beat('a', {
      endedRooms: [{ roomId: 'standup-1', epoch: room.epoch, peakPeers: 1 }],
      seenClaims: [room.claim.seq],
    });
    expect((await fleet.place('standup-2')).claim.expectedPeers).toBe(4);
  });

  test('an end under another epoch is not this room', async () => {
    await fleet.serve(['a']);
    const room = await fleet.place('r');
    await fleet.beat('a', { endedRooms: [{ roomId: 'r', epoch: room.epoch - 1, peakPeers: 5 }] });
    expect(await fleet.store.findRoom('r')).toBeDefined();
  });

  test('a room that ends while a peer is on its way keeps its node', async () => {
    await fleet.serve(['a', 'b', 'c']);
    const first = await fleet.place('r');
    const late = await fleet.place('r');
    await fleet.beat(first.nodeId, {
      seenClaims: [first.claim.seq],
      endedRooms: [{ roomId: 'r', epoch: first.epoch, peakPeers: 1 }],
    });
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: [first.nodeId], peers: 1 });
    expect((await fleet.place('r')).nodeId).toBe(late.nodeId);
  });

  test('a room as old as a month is still there', async () => {
    await fleet.serve(['a']);
    const room = await fleet.place('r');
    await fleet.beat('a', { seenClaims: [room.claim.seq], rooms: [reportOf(room, 2)] });
    for (let day = 0; day < 30; day += 1) {
      // The jump of a day looks like an outage; what the test is about is that nothing goes by age.
      fleet.nowMs += 24 * 3_600_000;
      await fleet.advance(65_000);
    }
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: ['a'], peers: 2 });
  });
});

describe('reading', () => {
  test('rooms come in pages', async () => {
    await fleet.serve(['a'], { capacity: { egressBps: 1e12, packetsPerSecond: 1e9 } });
    for (let i = 0; i < 1_000; i += 1) await fleet.place(`r${i}`);
    const found = new Set<string>();
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await fleet.store.listRooms({ cursor, limit: 100 });
      for (const room of page.rooms) found.add(room.roomId);
      cursor = page.cursor;
      pages += 1;
    } while (cursor && pages < 100);
    expect(found.size).toBe(1_000);
    expect(pages).toBeGreaterThan(2);
    await expect(fleet.store.listRooms({ cursor: 'x' })).rejects.toMatchObject({
      code: 'FLEET_ERR_BAD_REQUEST',
    });
  });

  test('nodes are listed with what they reported', async () => {
    await fleet.serve(['b', 'a'], { measured: { egressBps: 7, packetsPerSecond: 8 } });
    await fleet.advance(3_000, { silent: ['b'] });
    expect(await fleet.store.listNodes()).toEqual([
      expect.objectContaining({
        nodeId: 'a',
        alive: true,
        release: '0.1.0',
        state: 'SERVING',
        capacity: TEST_CAPACITY,
      }),
      expect.objectContaining({ nodeId: 'b', alive: false, measured: { egressBps: 7, packetsPerSecond: 8 } }),
    ]);
    expect(await fleet.store.findNode('c')).toBeUndefined();
  });
});
