import type { Placement } from '../../core/placement/placement-port';
import {
  broadcast,
  ended,
  expectNothingLeft,
  liveBroadcast,
  part,
  SENDER,
  viewers,
} from '../helpers/broadcast-room';
import { RedisServer } from '../helpers/redis-server';
import { AUDIENCE, TestFleet } from '../helpers/test-fleet';

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

describe('the home', () => {
  test('hands over when its own part ends, with a higher epoch of which all hear', async () => {
    const [home, second, third] = await liveBroadcast(fleet, ['a', 'b', 'c']);
    if (!home || !second || !third) throw new Error('three nodes');
    const capacity = viewers(2);
    await fleet.beat(home.nodeId, { capacity, endedRooms: [{ ...ended(home), peakPeers: 40 }] });
    const room = await fleet.store.findRoom('r');
    expect(room).toMatchObject({ nodes: [second.nodeId, third.nodeId], peers: 3 });
    expect(room?.epoch).toBeGreaterThan(home.epoch);
    expect(await fleet.store.readEvents()).toContainEqual(
      expect.objectContaining({ kind: 'room-moved', fromNodeId: home.nodeId, nodeId: second.nodeId }),
    );
    const told = { roomId: 'r', nodes: [second.nodeId, third.nodeId], epoch: room?.epoch };
    for (const node of [second, third]) {
      expect((await fleet.beat(node.nodeId, { capacity })).needFull).toBe(true);
      const rooms = [part(node, { peers: 2, subscribers: 2 })];
      const reply = await fleet.beat(node.nodeId, { capacity, full: true, rooms });
      expect(reply).toMatchObject({ lostRooms: [], homes: [told], needFull: false });
      const knowing = { ...told, homeNodeId: node === second ? '' : second.nodeId };
      const again = await fleet.beat(node.nodeId, { capacity, rooms: [part(node, knowing)] });
      expect(again).toMatchObject({ lostRooms: [], homes: [] });
    }
    // The room has not ended, so nothing was learned of its size.
    expect((await fleet.keys()).some((key) => key.includes(':prior:'))).toBe(false);
    for (const node of [third, second]) {
      const endedRooms = [{ roomId: 'r', epoch: room?.epoch ?? 0, peakPeers: 2 }];
      await fleet.beat(node.nodeId, { capacity, endedRooms });
    }
    await expectNothingLeft(fleet);
  });

  test('that retires hands over too; a claim on the next home is still good, and ends with its time', async () => {
    const placed = await broadcast(fleet, ['a', 'b'], 2);
    const last = placed.at(-1);
    await fleet.store.retire(last?.nodes[0] ?? '');
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: [last?.nodeId], peers: 1 });
    await fleet.advance(10_000, { silent: [last?.nodes[0] ?? ''] });
    await expectNothingLeft(fleet);
  });

  test('that is dead is followed by the next node: who joins and who asks at the same time hear the same', async () => {
    const [home, second, third] = await liveBroadcast(fleet, ['a', 'b', 'c']);
    if (!home || !second || !third) throw new Error('three nodes');
    const evidence = { nodeId: home.nodeId, kind: 'dead' } as const;
    const answers = await Promise.all([
      fleet.store.findHome({ roomId: 'r', nodeId: third.nodeId, evidence }),
      fleet.place('r', { role: AUDIENCE, evidence }),
      fleet.store.findHome({ roomId: 'r', nodeId: second.nodeId, evidence }),
    ]);
    const [{ epoch }] = answers;
    expect(epoch).toBeGreaterThan(home.epoch);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        nodes: [second.nodeId, third.nodeId],
        epoch,
        homeLinkAddress: `${second.nodeId}.test:4444`,
      });
    }
    expect(answers[1].created).toBe(false);
    const moved = (await fleet.store.readEvents()).filter((event) => event.kind === 'room-moved');
    expect(moved).toHaveLength(1);
    // It lived after all: its peers come again.
    expect((await fleet.beat(home.nodeId)).needFull).toBe(true);
    const rooms = [part(home, { homeNodeId: '' })];
    expect(await fleet.beat(home.nodeId, { full: true, rooms })).toMatchObject({
      lostRooms: [{ roomId: 'r', nodeId: second.nodeId, epoch }],
      homes: [],
    });
  });

  test('that is only silent keeps the room for as long as it would alone', async () => {
    const [home, second] = await liveBroadcast(fleet, ['a', 'b']);
    if (!home || !second) throw new Error('two nodes');
    const [roomId, nodeId] = ['r', second.nodeId];
    const silent = [home.nodeId];
    const unavailable = (retryAfterMs: number) => ({ code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE', retryAfterMs });
    const evidence = { nodeId: home.nodeId, kind: 'unreachable' } as const;
    await expect(fleet.store.findHome({ roomId, nodeId })).resolves.toMatchObject({ epoch: home.epoch });
    await expect(fleet.store.findHome({ roomId, nodeId, evidence })).rejects.toMatchObject(
      unavailable(1_000),
    );
    await fleet.advance(3_000, { silent });
    await expect(fleet.store.findHome({ roomId, nodeId })).rejects.toMatchObject(unavailable(1_000));
    await expect(fleet.place('r')).rejects.toMatchObject(unavailable(1_000));
    await fleet.advance(12_000, { silent });
    await expect(fleet.store.findHome({ roomId, nodeId })).resolves.toMatchObject({ nodes: [nodeId] });
  });

  test('that is lost together with all other nodes leaves nothing: the room is placed anew', async () => {
    const firsts = await liveBroadcast(fleet, ['a', 'b']);
    const silent = firsts.map(({ nodeId }) => nodeId);
    await fleet.serve(['c']);
    await fleet.advance(15_000, { silent });
    const anew = await fleet.place('r', { role: AUDIENCE });
    expect(anew).toMatchObject({ nodes: ['c'], created: true, claim: { expectedPeers: 4 } });
    for (const node of firsts) {
      await fleet.beat(node.nodeId);
      const reply = await fleet.beat(node.nodeId, { full: true, rooms: [part(node)] });
      expect(reply).toMatchObject({
        lostRooms: [{ roomId: 'r', nodeId: 'c', epoch: anew.epoch }],
        homes: [],
      });
    }
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: ['c'], peers: 1 });
    await fleet.store.retire('c');
    await expectNothingLeft(fleet);
  });

  test.each([1, 2])(
    'that lost a room of %d nodes and gets a part of it again counts nobody twice',
    async (nodes) => {
      const before = await broadcast(fleet, ['a', 'b'].slice(0, nodes), 1);
      const lost = before[0]?.nodeId ?? '';
      await fleet.serve(['c'], { capacity: viewers(1) });
      const evidence = { nodeId: lost, kind: 'dead' } as const;
      await fleet.place('r', { role: SENDER, evidence, expectedPeers: 1 });
      // It lived after all, and is the only one with headroom; nobody of before has come to it.
      await fleet.beat(lost, { capacity: viewers(9), full: true });
      const counted = (await fleet.store.findRoom('r'))?.peers ?? 0;
      let back: Placement;
      let placed = 0;
      do {
        back = await fleet.place('r', { role: AUDIENCE });
        placed += 1;
      } while (back.nodeId !== lost);
      const seenClaims = [back.claim.seq];
      const reply = await fleet.beat(lost, { capacity: viewers(9), seenClaims, rooms: [part(back)] });
      expect(reply).toMatchObject({ lostRooms: [], homes: [], pendingClaims: 0 });
      expect((await fleet.store.findRoom('r'))?.peers).toBe(counted + placed);
    },
  );

  test('is not found by who has no part of the room, nor when there is no room', async () => {
    await liveBroadcast(fleet, ['a', 'b']);
    await fleet.serve(['c']);
    const gone = { code: 'FLEET_ERR_NOT_FOUND' };
    await expect(fleet.store.findHome({ roomId: 'r', nodeId: 'c' })).rejects.toMatchObject(gone);
    await expect(fleet.store.findHome({ roomId: 'none', nodeId: 'a' })).rejects.toMatchObject(gone);
  });
});

describe('Redis that forgot', () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];

  test.each(orders)('everything: the nodes of a room assert it in the order %d %d %d', async (...order) => {
    const firsts = await liveBroadcast(fleet, ['a', 'b', 'c']);
    const home = firsts[0]?.nodeId;
    await fleet.redis.del(await fleet.keys());
    fleet.nowMs += 1;
    for (const index of order) {
      const node = firsts[index];
      if (!node) throw new Error('three nodes');
      const rooms = [part(node, { peers: 2, ...(index === 0 ? { homeNodeId: '', publishers: 1 } : {}) })];
      const reply = await fleet.beat(node.nodeId, { capacity: viewers(2), full: true, rooms });
      expect(reply).toMatchObject({ lostRooms: [], homes: [] });
    }
    const room = await fleet.store.findRoom('r');
    expect(room).toMatchObject({ epoch: firsts[0]?.epoch, peers: 6 });
    expect(room?.nodes[0]).toBe(home);
    expect(new Set(room?.nodes)).toEqual(new Set(['a', 'b', 'c']));
    expect(room?.nodes).toHaveLength(3);
    expect(await fleet.redis.zcard(`{${fleet.prefix}}:room-index`)).toBe(3);
    await expect(fleet.place('r', { role: AUDIENCE })).resolves.toMatchObject({ epoch: room?.epoch });
  });

  test('everything, and the home with it: for one lease nobody says more, then the next node is home', async () => {
    const [home, second, third] = await liveBroadcast(fleet, ['a', 'b', 'c']);
    if (!home || !second || !third) throw new Error('three nodes');
    await fleet.redis.del(await fleet.keys());
    for (const node of [second, third]) {
      await fleet.beat(node.nodeId, { full: true, rooms: [part(node)] });
    }
    const unavailable = { code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE', retryAfterMs: 1_000 };
    const find = () => fleet.store.findHome({ roomId: 'r', nodeId: third.nodeId });
    await expect(fleet.place('r')).rejects.toMatchObject(unavailable);
    await expect(find()).rejects.toMatchObject(unavailable);
    fleet.nowMs += 2_000;
    for (const node of [second, third]) await fleet.beat(node.nodeId);
    fleet.nowMs += 1_000;
    await expect(find()).resolves.toMatchObject({ nodes: [second.nodeId, third.nodeId] });
  });

  test('everything, and the home has started again without the room: it goes on where it still is', async () => {
    const [home, second] = await liveBroadcast(fleet, ['a', 'b']);
    if (!home || !second) throw new Error('two nodes');
    await fleet.redis.del(await fleet.keys());
    await fleet.beat(home.nodeId, { full: true, heartbeatSeq: 1, acknowledgedSeq: 0 });
    await fleet.beat(second.nodeId, { full: true, rooms: [part(second)] });
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([home.nodeId, second.nodeId]);
    expect((await fleet.beat(home.nodeId, { heartbeatSeq: 2, acknowledgedSeq: 1 })).needFull).toBe(true);
    await fleet.beat(home.nodeId, { full: true, heartbeatSeq: 3, acknowledgedSeq: 2 });
    const room = await fleet.store.findRoom('r');
    expect(room?.nodes).toEqual([second.nodeId]);
    expect(room?.epoch).toBeGreaterThan(second.epoch);
  });

  test('the newest writes: who knows of the higher epoch says who is home', async () => {
    const [home, second, third] = await liveBroadcast(fleet, ['a', 'b', 'c']);
    if (!home || !second || !third) throw new Error('three nodes');
    const epoch = home.epoch + 5;
    // The third node has heard that the second one is home; Redis has not, any more.
    const reply = await fleet.beat(third.nodeId, {
      rooms: [part(third, { epoch, homeNodeId: second.nodeId })],
    });
    expect(reply).toMatchObject({ lostRooms: [], homes: [] });
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: [second.nodeId, third.nodeId], epoch });
    expect((await fleet.beat(second.nodeId)).needFull).toBe(true);
    const late = await fleet.beat(home.nodeId, { full: true, rooms: [part(home, { homeNodeId: '' })] });
    expect(late.lostRooms).toEqual([{ roomId: 'r', nodeId: second.nodeId, epoch }]);
  });
});
