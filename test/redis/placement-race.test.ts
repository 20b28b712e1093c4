import { roomDemand, withPeer, NO_PEERS } from '../../core/capacity/egress-model';
import { FleetError } from '../../core/errors';
import type { NodeHeartbeat, Placement, RoomReport } from '../../core/placement/placement-port';
import { RedisServer } from '../helpers/redis-server';
import { BOTH, TestFleet } from '../helpers/test-fleet';

const CLIENTS = 4;
const NODES = 20;
const ROOMS = 300;
const JOINS = 4_000;

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
const nodeIds = Array.from({ length: NODES }, (_, i) => `n${i}`);

/** Joins from several connections at once, none of which waits for another. */
async function joinAll(rooms: string[]): Promise<{ placed: Placement[]; refused: FleetError[] }> {
  const clients = Array.from({ length: CLIENTS }, () => server.client());
  try {
    const stores = clients.map((redis) => fleet.openStore({ redis }));
    const outcomes = await Promise.allSettled(
      rooms.map((roomId, i) =>
        (stores[i % CLIENTS] ?? fleet.store).placePeer({ roomId, role: BOTH, expectedPeers: 2 }),
      ),
    );
    const placed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [FleetError.from(outcome.reason)] : [],
    );
    return { placed, refused };
  } finally {
    for (const client of clients) client.disconnect();
  }
}

const randomRooms = (count: number) =>
  Array.from({ length: count }, () => `r${Math.floor(Math.random() * ROOMS)}`);

/** Every node confirms what was placed on it, and reports its rooms with the peers they then have. */
async function confirm(placed: Placement[], leave: boolean): Promise<void> {
  for (const nodeId of nodeIds) {
    const mine = placed.filter((placement) => placement.nodeId === nodeId);
    const rooms = new Map<string, RoomReport>();
    for (const { roomId, epoch, claim } of mine) {
      const room = rooms.get(roomId);
      const peers = (room?.peers ?? 0) + 1;
      rooms.set(roomId, {
        roomId,
        epoch,
        peers,
        publishers: peers,
        subscribers: peers,
        expectedPeers: Math.max(room?.expectedPeers ?? 0, claim.expectedPeers),
        reserved: {
          egressBps: (room?.reserved.egressBps ?? 0) + claim.reserved.egressBps,
          packetsPerSecond: (room?.reserved.packetsPerSecond ?? 0) + claim.reserved.packetsPerSecond,
        },
      });
    }
    const all = [...rooms.values()];
    const overrides: Partial<NodeHeartbeat> = leave
      ? { endedRooms: all.map(({ roomId, epoch, peers }) => ({ roomId, epoch, peakPeers: peers })) }
      : {
          rooms: all,
          committed: {
            egressBps: all.reduce((sum, room) => sum + room.reserved.egressBps, 0),
            packetsPerSecond: all.reduce((sum, room) => sum + room.reserved.packetsPerSecond, 0),
          },
        };
    await fleet.beat(nodeId, { ...overrides, seenClaims: mine.map((placement) => placement.claim.seq) });
  }
}

async function expectNothingLeft(): Promise<void> {
  for (const node of await fleet.store.listNodes()) {
    expect(node.committed).toEqual({ egressBps: 0, packetsPerSecond: 0 });
    expect(node.load).toMatchObject({ rooms: 0, clients: 0, tracks: 0 });
  }
  expect((await fleet.store.listRooms({ limit: 10_000 })).rooms).toEqual([]);
  expect(await fleet.redis.zcard(`{${fleet.prefix}}:claims`)).toBe(0);
  expect(await fleet.redis.zcard(`{${fleet.prefix}}:room-index`)).toBe(0);
}

test('thousands of concurrent joins: no room on two nodes, and every node carries what its claims say', async () => {
  await fleet.serve(nodeIds, { capacity: { egressBps: 1e12, packetsPerSecond: 1e9 } });
  const { placed, refused } = await joinAll(randomRooms(JOINS));
  expect(refused).toEqual([]);
  const nodesOf = new Map<string, Set<string>>();
  for (const { roomId, nodeId } of placed)
    nodesOf.set(roomId, (nodesOf.get(roomId) ?? new Set()).add(nodeId));
  expect(Math.max(...[...nodesOf.values()].map((nodes) => nodes.size))).toBe(1);
  expect(placed.filter((placement) => placement.created)).toHaveLength(nodesOf.size);
  for (const node of await fleet.store.listNodes()) {
    const mine = placed.filter((placement) => placement.nodeId === node.nodeId);
    expect(node.committed.egressBps).toBe(mine.reduce((sum, { claim }) => sum + claim.reserved.egressBps, 0));
    expect(node.load.clients).toBe(mine.length);
    expect(new Set(mine.map(({ claim }) => claim.seq)).size).toBe(mine.length);
  }
  const { rooms } = await fleet.store.listRooms({ limit: 10_000 });
  for (const room of rooms) {
    const peers = placed.filter((placement) => placement.roomId === room.roomId).length;
    expect(room.peers).toBe(peers);
    expect(room.reserved.egressBps).toBeGreaterThanOrEqual(meeting(peers).egressBps);
  }
});

// Nodes that hold rooms together also carry what their rooms grow by elsewhere: see placement-cascade.test.ts.
test.each([
  ['egress', { egressBps: 60_000_000, packetsPerSecond: 1e9 }],
  ['packets', { egressBps: 1e12, packetsPerSecond: 9_000 }],
])('a fleet short of %s: refusals, but no node above its capacity', async (_what, capacity) => {
  await fleet.serve(nodeIds, { capacity, cascades: false });
  const { placed, refused } = await joinAll(randomRooms(JOINS));
  expect(placed.length).toBeGreaterThan(0);
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused.map((error) => error.code))).toEqual(new Set(['FLEET_ERR_NO_CAPACITY']));
  for (const node of await fleet.store.listNodes()) {
    expect(node.committed.egressBps).toBeLessThanOrEqual(capacity.egressBps);
    expect(node.committed.packetsPerSecond).toBeLessThanOrEqual(capacity.packetsPerSecond);
  }
});

test('nothing stays reserved when all peers leave', async () => {
  await fleet.serve(nodeIds, { capacity: { egressBps: 1e12, packetsPerSecond: 1e9 } });
  const { placed } = await joinAll(randomRooms(JOINS));
  await confirm(placed, false);
  await confirm(placed, true);
  await expectNothingLeft();
});

test('nothing stays reserved when every claim is given back, in any order', async () => {
  await fleet.serve(nodeIds, { capacity: { egressBps: 1e12, packetsPerSecond: 1e9 } });
  const { placed } = await joinAll(randomRooms(JOINS));
  const shuffled = placed
    .map((placement) => ({ placement, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ placement }) => placement);
  await Promise.all(
    shuffled.map(({ nodeId, roomId, claim }) => fleet.store.releaseClaim({ nodeId, roomId, seq: claim.seq })),
  );
  await expectNothingLeft();
});

test('nothing stays reserved when nobody comes, or when the nodes fall silent', async () => {
  await fleet.serve(nodeIds, { capacity: { egressBps: 1e12, packetsPerSecond: 1e9 } });
  await joinAll(randomRooms(1_000));
  await fleet.advance(10_000);
  await expectNothingLeft();
  const { placed } = await joinAll(randomRooms(1_000));
  await confirm(placed, false);
  await fleet.serve(['last']);
  await fleet.advance(90_000, { silent: nodeIds });
  expect((await fleet.store.listNodes()).map((node) => node.nodeId)).toEqual(['last']);
  expect((await fleet.store.listRooms()).rooms).toEqual([]);
});

test('cordoned and silent nodes get nothing while joins and heartbeats race', async () => {
  const capacity = { egressBps: 1e12, packetsPerSecond: 1e9 };
  await fleet.serve(nodeIds, { capacity });
  const [cordoned, silent, serving] = [nodeIds.slice(0, 5), nodeIds.slice(5, 10), nodeIds.slice(10)];
  await fleet.serve(cordoned, { capacity, state: 'CORDONED' });
  await fleet.advance(3_000, { silent });
  const beats = [...cordoned, ...serving].map((nodeId, i) =>
    fleet.beat(nodeId, { capacity, state: i < cordoned.length ? 'CORDONED' : 'SERVING' }),
  );
  const { placed } = await joinAll(randomRooms(JOINS));
  await Promise.all(beats);
  expect(new Set(placed.map((placement) => placement.nodeId))).toEqual(new Set(serving));
});
