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

/** What a draining node says while it moves its peers away. */
const MOVING = { state: 'DRAINING', isMoving: true } as const;

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

const refusals = async () => (await fleet.store.readEvents()).filter(({ kind }) => kind === 'no-capacity');

describe('a node that moves its peers away', () => {
  test('gets no peer of its own room although it has headroom: the room goes on on another one, and it stays home', async () => {
    const capacity = viewers(10);
    await fleet.serve(['a'], { capacity });
    const sender = await fleet.place('r', { role: SENDER, expectedPeers: 4 });
    await fleet.serve(['b'], { capacity });
    await fleet.beat('a', { capacity, ...MOVING });
    const moved = await fleet.place('r', { role: AUDIENCE });
    expect(moved).toMatchObject({ nodeId: 'b', nodes: ['a', 'b'], epoch: sender.epoch, created: false });
    // Also once both are nodes of the room, and for whoever asks where the home is.
    expect(await fleet.place('r', { role: SENDER })).toMatchObject({ nodeId: 'b', nodes: ['a', 'b'] });
    expect(await fleet.store.findHome({ roomId: 'r', nodeId: 'b' })).toMatchObject({
      nodes: ['a', 'b'],
      epoch: sender.epoch,
    });
    expect(await fleet.store.findNode('a')).toMatchObject({ state: 'DRAINING', alive: true });
    expect(await refusals()).toEqual([]);
  });

  test('hands its room over with its last peer, and nothing of it is left', async () => {
    const [home, second] = await liveBroadcast(fleet, ['a', 'b'], 4);
    if (!home || !second) throw new Error('two nodes');
    const { nodeId } = home;
    const stays = part(home, { homeNodeId: '', peers: 1, publishers: 1, subscribers: 0 });
    const reply = await fleet.beat(nodeId, { capacity: viewers(4), ...MOVING, full: true, rooms: [stays] });
    expect(reply).toMatchObject({ lostRooms: [], homes: [] });
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([nodeId, second.nodeId]);
    await fleet.beat(nodeId, { capacity: viewers(4), ...MOVING, endedRooms: [ended(home)] });
    const room = await fleet.store.findRoom('r');
    expect(room).toMatchObject({ nodes: [second.nodeId] });
    const last = { roomId: 'r', epoch: room?.epoch ?? 0, peakPeers: 2 };
    await fleet.beat(second.nodeId, { capacity: viewers(4), endedRooms: [last] });
    await expectNothingLeft(fleet);
  });

  test('keeps a peer that no other node has headroom for, and scaling hears of it', async () => {
    await fleet.serve(['a'], { capacity: viewers(3) });
    await fleet.place('r', { role: SENDER, expectedPeers: 1 });
    await fleet.serve(['b'], { capacity: viewers(1), committed: viewers(1) });
    await fleet.beat('a', { capacity: viewers(3), ...MOVING });
    // Alone in its room, and then with a further node that is full.
    expect(await fleet.place('r', { role: AUDIENCE })).toMatchObject({ nodeId: 'a', nodes: ['a'] });
    expect(await refusals()).toHaveLength(1);
    await fleet.beat('b', { capacity: viewers(1) });
    expect(await fleet.place('r', { role: AUDIENCE })).toMatchObject({ nodeId: 'b', nodes: ['a', 'b'] });
    expect(await refusals()).toHaveLength(1);
    expect(await fleet.place('r', { role: AUDIENCE })).toMatchObject({ nodeId: 'a', nodes: ['a', 'b'] });
    expect(await refusals()).toHaveLength(2);
    await expect(fleet.place('r', { role: AUDIENCE })).rejects.toMatchObject({
      code: 'FLEET_ERR_NO_CAPACITY',
    });
  });

  test('takes peers again as soon as its drain is taken back', async () => {
    await fleet.serve(['a', 'b'], { capacity: viewers(10) });
    const { nodeId } = await fleet.place('r', { role: SENDER, expectedPeers: 4 });
    await fleet.beat(nodeId, { capacity: viewers(10), ...MOVING });
    await fleet.beat(nodeId, { capacity: viewers(10) });
    expect(await fleet.place('r', { role: AUDIENCE })).toMatchObject({ nodeId, nodes: [nodeId] });
  });

  test('follows a lost home only when no other node of the room can', async () => {
    const [home, second, third] = await liveBroadcast(fleet, ['a', 'b', 'c']);
    if (!home || !second || !third) throw new Error('three nodes');
    await fleet.beat(second.nodeId, { capacity: viewers(2), ...MOVING });
    await fleet.beat(home.nodeId, { capacity: viewers(2), endedRooms: [ended(home)] });
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([third.nodeId, second.nodeId]);
    const epoch = (await fleet.store.findRoom('r'))?.epoch ?? 0;
    const endedRooms = [{ roomId: 'r', epoch, peakPeers: 2 }];
    await fleet.beat(third.nodeId, { capacity: viewers(2), endedRooms });
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([second.nodeId]);
  });
});

test('a room whose home is dead takes the next peer on the one node that it has left', async () => {
  const [home, second] = await broadcast(fleet, ['a', 'b'], 2).then((placed) => [placed[0], placed.at(-1)]);
  if (!home || !second) throw new Error('two nodes');
  const evidence = { nodeId: home.nodeId, kind: 'dead' as const };
  expect(await fleet.place('r', { role: AUDIENCE, evidence })).toMatchObject({
    nodeId: second.nodeId,
    nodes: [second.nodeId],
  });
});
