import type { Placement, RoomReport } from '../../core/placement/placement-port';
import { RedisServer } from '../helpers/redis-server';
import { TEST_CAPACITY, TestFleet } from '../helpers/test-fleet';

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

const reportOf = (placement: Placement, peers = 2): RoomReport => ({
  roomId: placement.roomId,
  epoch: placement.epoch,
  peers,
  publishers: peers,
  subscribers: peers,
  expectedPeers: placement.claim.expectedPeers,
  reserved: placement.claim.reserved,
});

/** A room that its node has seen and reported. */
async function liveRoom(roomId: string): Promise<Placement> {
  const placement = await fleet.place(roomId);
  await fleet.beat(placement.nodeId, { seenClaims: [placement.claim.seq], rooms: [reportOf(placement)] });
  return placement;
}

const unavailable = (retryAfterMs: number) => ({ code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE', retryAfterMs });

describe('a silent node', () => {
  test('that a gateway could not reach is not chosen again for the peer, whatever its lease says', async () => {
    await fleet.serve(['a', 'b']);
    for (const kind of ['unreachable', 'dead'] as const) {
      for (const nodeId of ['a', 'b']) {
        const evidence = { nodeId, kind };
        expect((await fleet.place(`new-${kind}-${nodeId}`, { evidence })).nodeId).not.toBe(nodeId);
      }
    }
    const alone = { nodeId: 'a', kind: 'dead' } as const;
    await fleet.advance(3_000, { silent: ['b'] });
    await expect(fleet.place('nowhere', { evidence: alone })).rejects.toMatchObject({
      code: 'FLEET_ERR_NO_CAPACITY',
    });
  });

  test('gets no new room once its lease lapsed, whatever the sort keys say, and comes back with a heartbeat', async () => {
    await fleet.serve(['a', 'b'], { capacity: { egressBps: 1e12, packetsPerSecond: 1e9 } });
    await fleet.advance(3_000, { silent: ['a'] });
    for (let i = 0; i < 50; i += 1) expect((await fleet.place(`r${i}`)).nodeId).toBe('b');
    expect(await fleet.redis.zrange(`{${fleet.prefix}}:by:headroom`, '0', '-1')).toEqual(['b']);
    await fleet.advance(1_000);
    expect((await fleet.place('after')).nodeId).toBe('a');
  });

  test('a hundred nodes silent at once do not hide the living one', async () => {
    const silent = Array.from({ length: 100 }, (_, i) => `silent-${i}`);
    await fleet.serve([...silent, 'living'], { capacity: { egressBps: 1e9, packetsPerSecond: 1e6 } });
    await fleet.beat('living', { committed: { egressBps: 9e8, packetsPerSecond: 0 } });
    await fleet.advance(3_000, { silent });
    expect((await fleet.place('r')).nodeId).toBe('living');
  });

  test('keeps its room for 15 s after its last heartbeat when nobody has evidence against it', async () => {
    await fleet.serve(['a']);
    const room = await liveRoom('r');
    await fleet.serve(['b']);
    await fleet.advance(3_000, { silent: ['a'] });
    await expect(fleet.place('r')).rejects.toMatchObject(unavailable(1_000));
    await fleet.advance(11_000, { silent: ['a'] });
    await expect(fleet.place('r')).rejects.toMatchObject(unavailable(1_000));
    await fleet.advance(1_000, { silent: ['a'] });
    const moved = await fleet.place('r');
    expect(moved).toMatchObject({ nodeId: 'b', nodes: ['b'], created: true });
    expect(moved.epoch).toBeGreaterThan(room.epoch);
    expect(await fleet.store.readEvents()).toContainEqual(
      expect.objectContaining({
        kind: 'room-moved',
        roomId: 'r',
        fromNodeId: 'a',
        nodeId: 'b',
        epoch: moved.epoch,
      }),
    );
  });

  test('that a gateway can not reach either loses its room when the lease has lapsed', async () => {
    await fleet.serve(['a']);
    await liveRoom('r');
    await fleet.serve(['b']);
    const evidence = { nodeId: 'a', kind: 'unreachable' } as const;
    await fleet.advance(2_000, { silent: ['a'] });
    await expect(fleet.place('r', { evidence })).rejects.toMatchObject(unavailable(1_000));
    await fleet.advance(1_000, { silent: ['a'] });
    expect((await fleet.place('r', { evidence })).nodeId).toBe('b');
  });

  test('evidence against another node than the home says nothing', async () => {
    await fleet.serve(['a']);
    await liveRoom('r');
    await fleet.serve(['b']);
    expect((await fleet.place('r', { evidence: { nodeId: 'b', kind: 'dead' } })).nodeId).toBe('a');
  });

  test('whose room comes back is reserved for everybody who was in it', async () => {
    await fleet.serve(['a']);
    const room = await fleet.place('r', { expectedPeers: 2 });
    await fleet.beat('a', { seenClaims: [room.claim.seq], rooms: [reportOf(room, 7)] });
    await fleet.serve(['b']);
    const moved = await fleet.place('r', { evidence: { nodeId: 'a', kind: 'dead' } });
    expect(moved.claim.expectedPeers).toBe(7);
    expect(await fleet.store.findRoom('r')).toMatchObject({ peers: 1, expectedPeers: 7, nodes: ['b'] });
  });
});

describe('a dead node', () => {
  test('loses its room at once, and gets nothing more until it proves to be alive', async () => {
    await fleet.serve(['a']);
    await liveRoom('r');
    await fleet.serve(['b'], { committed: { egressBps: 90_000_000, packetsPerSecond: 0 } });
    const moved = await fleet.place('r', { evidence: { nodeId: 'a', kind: 'dead' }, expectedPeers: 2 });
    expect(moved.nodeId).toBe('b');
    await expect(fleet.place('new', { expectedPeers: 8 })).rejects.toMatchObject({
      code: 'FLEET_ERR_NO_CAPACITY',
    });
    await fleet.beat('a');
    expect((await fleet.place('new', { expectedPeers: 8 })).nodeId).toBe('a');
  });

  test('that was alive after all is asked for its rooms, and drops only those that moved', async () => {
    await fleet.serve(['a']);
    const [lost, kept] = [await liveRoom('lost'), await liveRoom('kept')];
    await fleet.serve(['b']);
    const moved = await fleet.place('lost', { evidence: { nodeId: 'a', kind: 'dead' } });
    expect((await fleet.beat('a')).needFull).toBe(true);
    const reply = await fleet.beat('a', { full: true, rooms: [reportOf(lost), reportOf(kept)] });
    expect(reply).toMatchObject({
      needFull: false,
      lostRooms: [{ roomId: 'lost', nodeId: 'b', epoch: moved.epoch }],
    });
    expect(await fleet.store.findRoom('kept')).toMatchObject({ nodes: ['a'], epoch: kept.epoch });
    expect(await fleet.store.findRoom('lost')).toMatchObject({ nodes: ['b'], epoch: moved.epoch });
  });
});

describe('a node that lapsed and returns', () => {
  test('drops only the rooms that moved elsewhere meanwhile', async () => {
    await fleet.serve(['a']);
    const [lost, kept] = [await liveRoom('lost'), await liveRoom('kept')];
    await fleet.serve(['b']);
    await fleet.advance(15_000, { silent: ['a'] });
    const moved = await fleet.place('lost');
    expect((await fleet.beat('a')).needFull).toBe(true);
    const reply = await fleet.beat('a', { full: true, rooms: [reportOf(lost), reportOf(kept)] });
    expect(reply.lostRooms).toEqual([{ roomId: 'lost', nodeId: 'b', epoch: moved.epoch }]);
    expect(await fleet.store.findRoom('kept')).toMatchObject({ nodes: ['a'], epoch: kept.epoch });
    expect((await fleet.place('kept')).nodeId).toBe('a');
  });

  test('after more than a minute is no sign of lost writes', async () => {
    await fleet.serve(['a', 'b']);
    await fleet.advance(65_000, { silent: ['a'] });
    expect((await fleet.store.listNodes()).map((node) => node.nodeId)).toEqual(['b']);
    await fleet.beat('a');
    expect(
      (await fleet.store.readEvents()).filter((event) => event.kind === 'generation-began'),
    ).toHaveLength(1);
    await expect(fleet.place('r')).resolves.toMatchObject({ created: true });
  });
});

describe('garbage', () => {
  test('a node silent for more than 60 s goes with its rooms, a few per heartbeat, but not with rooms that moved', async () => {
    await fleet.serve(['a'], { capacity: { egressBps: 1e12, packetsPerSecond: 1e9 } });
    const rooms: Placement[] = [];
    for (let i = 0; i < 120; i += 1) rooms.push(await fleet.place(`r${i}`));
    await fleet.beat('a', {
      seenClaims: rooms.map((room) => room.claim.seq),
      rooms: rooms.map((room) => reportOf(room)),
    });
    await fleet.serve(['b']);
    await fleet.advance(3_000, { silent: ['a'] });
    await fleet.place('r7', { evidence: { nodeId: 'a', kind: 'dead' } });
    await fleet.beat('b', { seenClaims: [], rooms: [] });
    await fleet.advance(60_000, { silent: ['a'] });
    const left = async () => (await fleet.store.listRooms({ limit: 10_000 })).rooms.length;
    const before = await left();
    expect(before).toBeGreaterThan(1);
    await fleet.advance(4_000, { silent: ['a'] });
    expect(await fleet.store.findNode('a')).toBeUndefined();
    // Its claim was never confirmed by `b`, so the moved room is gone too by now, but by that rule.
    expect(await left()).toBe(0);
    expect(await fleet.redis.zcard(`{${fleet.prefix}}:room-index`)).toBe(0);
  });

  test('a retired node takes nothing and leaves nothing behind', async () => {
    await fleet.serve(['a']);
    await liveRoom('r1');
    await fleet.place('r2');
    await fleet.store.retire('a');
    await fleet.store.retire('a');
    expect(await fleet.store.listNodes()).toEqual([]);
    expect((await fleet.store.listRooms()).rooms).toEqual([]);
    const left = (await fleet.keys()).map((key) => key.split('}:')[1]);
    expect(left).toEqual(['events', 'generation', 'removed']);
    await expect(fleet.place('r3')).rejects.toMatchObject(unavailable(1_000));
  });

  test('a process that starts again under the same node id has none of the old rooms', async () => {
    await fleet.serve(['a', 'b']);
    const room = await liveRoom('old');
    await fleet.beat(room.nodeId, { full: true, heartbeatSeq: 1, acknowledgedSeq: 0 });
    expect(await fleet.store.findRoom('old')).toBeUndefined();
  });
});

describe('Redis that forgot', () => {
  test('the first heartbeat of all begins a generation, and new rooms wait for one lease', async () => {
    await expect(fleet.place('r')).rejects.toMatchObject({ code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE' });
    await fleet.beat('a');
    await expect(fleet.place('r')).rejects.toMatchObject(unavailable(1_000));
    fleet.nowMs += 1_200;
    await expect(fleet.place('r')).rejects.toMatchObject(unavailable(1_000));
    await fleet.beat('a');
    fleet.nowMs += 1_800;
    expect((await fleet.place('r')).nodeId).toBe('a');
  });

  test('everything: rooms come back on the node where they live, and no room gets a second one', async () => {
    await fleet.serve(['a', 'b']);
    const rooms = [await liveRoom('r1'), await liveRoom('r2'), await liveRoom('r3')];
    await fleet.redis.del(await fleet.keys());
    fleet.nowMs += 1;
    await expect(fleet.place('r1')).rejects.toMatchObject({ code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE' });
    expect((await fleet.beat('a')).needFull).toBe(true);
    expect((await fleet.beat('b')).needFull).toBe(true);
    await expect(fleet.place('r1')).rejects.toMatchObject(unavailable(1_000));
    for (const nodeId of ['a', 'b']) {
      await fleet.beat(nodeId, {
        full: true,
        rooms: rooms.filter((room) => room.nodeId === nodeId).map((room) => reportOf(room)),
      });
    }
    for (const room of rooms) {
      const again = await fleet.place(room.roomId);
      expect(again).toMatchObject({ nodeId: room.nodeId, epoch: room.epoch, created: false });
      expect(again.claim.seq).toBeGreaterThan(room.claim.seq);
    }
    await expect(fleet.place('new')).rejects.toMatchObject(unavailable(1_000));
    expect(await fleet.store.readEvents()).toEqual([expect.objectContaining({ kind: 'generation-began' })]);
  });

  test('the newest writes: a heartbeat that finds its own missing begins a new generation', async () => {
    await fleet.serve(['a', 'b']);
    const room = await liveRoom('r');
    const [key, roomKey] = [`{${fleet.prefix}}:nodes`, `{${fleet.prefix}}:rooms`];
    const before = await fleet.redis.hgetBuffer(key, room.nodeId);
    await fleet.beat(room.nodeId);
    // A replica took over that had not heard of the last heartbeat, nor of the room.
    await fleet.redis.hset(key, room.nodeId, before ?? Buffer.alloc(0));
    await fleet.redis.hdel(roomKey, 'r');
    expect((await fleet.beat(room.nodeId)).needFull).toBe(true);
    await expect(fleet.place('r')).rejects.toMatchObject(unavailable(1_000));
    await fleet.beat(room.nodeId, { full: true, rooms: [reportOf(room)] });
    expect(await fleet.place('r')).toMatchObject({ nodeId: room.nodeId, epoch: room.epoch });
  });

  test('nothing, but was away for long: no room moves before its node had time to come back', async () => {
    await fleet.serve(['a', 'b']);
    const rooms = [await liveRoom('r1'), await liveRoom('r2')];
    fleet.nowMs += 7 * 60_000;
    const [first, second] = rooms.map((room) => room.nodeId);
    await fleet.beat(first ?? '');
    await expect(
      fleet.place('r2', { evidence: { nodeId: second ?? '', kind: 'unreachable' } }),
    ).rejects.toMatchObject(unavailable(1_000));
    await fleet.beat(second ?? '', { full: true, rooms: rooms.slice(1).map((room) => reportOf(room)) });
    expect(await fleet.place('r2')).toMatchObject({ nodeId: second, created: false });
  });

  test('while no node at all is alive there is no capacity to speak of: PLACEMENT_UNAVAILABLE and no event', async () => {
    await fleet.serve(['a']);
    await liveRoom('r');
    fleet.nowMs += 60_000;
    await expect(fleet.place('new')).rejects.toMatchObject(unavailable(1_000));
    await expect(fleet.place('r')).rejects.toMatchObject(unavailable(1_000));
    expect((await fleet.store.readEvents()).filter((event) => event.kind === 'no-capacity')).toEqual([]);
  });

  test('two nodes that claim one room settle it: the higher epoch wins, and ties go by node id', async () => {
    await fleet.serve(['a', 'b', 'c']);
    const room = (epoch: number): RoomReport => ({
      roomId: 'r',
      epoch,
      peers: 2,
      publishers: 2,
      subscribers: 2,
      expectedPeers: 4,
      reserved: TEST_CAPACITY,
    });
    await fleet.beat('a', { rooms: [room(10)] });
    expect((await fleet.beat('b', { rooms: [room(9)] })).lostRooms).toEqual([
      { roomId: 'r', nodeId: 'a', epoch: 10 },
    ]);
    expect((await fleet.beat('c', { rooms: [room(10)] })).lostRooms).toEqual([]);
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: ['c'], epoch: 10 });
    expect((await fleet.beat('a')).needFull).toBe(true);
    expect((await fleet.beat('a', { full: true, rooms: [room(10)] })).lostRooms).toEqual([
      { roomId: 'r', nodeId: 'c', epoch: 10 },
    ]);
  });
});
