import { NO_PEERS, partDemand, withPeer } from '../../core/capacity/egress-model';
import { addVector, maxVector, scaleVector, ZERO_VECTOR } from '../../core/capacity/headroom';
import type { Placement } from '../../core/placement/placement-port';
import {
  broadcast,
  ended,
  expectNothingLeft,
  liveBroadcast,
  part,
  pipes,
  SENDER,
  viewers,
} from '../helpers/broadcast-room';
import { RedisServer } from '../helpers/redis-server';
import { AUDIENCE, BOTH, TestFleet } from '../helpers/test-fleet';

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

describe('a room that outgrows its node', () => {
  test('gets a second and a third one, each in the step that needs it, and NO_CAPACITY when all are full', async () => {
    for (const nodeId of ['a', 'b', 'c']) await fleet.serve([nodeId], { capacity: viewers(2) });
    const sender = await fleet.place('r', { role: SENDER, expectedPeers: 1 });
    const home = sender.nodeId;
    const placed: Placement[] = [];
    for (let i = 0; i < 6; i += 1) placed.push(await fleet.place('r', { role: AUDIENCE }));
    const [second, third] = [placed[2]?.nodeId, placed[4]?.nodeId];
    expect(placed.map(({ nodeId }) => nodeId)).toEqual([home, home, second, second, third, third]);
    expect(new Set([home, second, third])).toEqual(new Set(['a', 'b', 'c']));
    expect(placed[2]).toMatchObject({
      nodes: [home, second],
      linkAddress: `${second}.test:4444`,
      homeLinkAddress: `${home}.test:4444`,
      epoch: sender.epoch,
      created: false,
      claim: { expectedPeers: 1, reserved: viewers(1) },
    });
    expect(placed[1]).toMatchObject({ nodes: [home], homeLinkAddress: `${home}.test:4444` });
    await expect(fleet.place('r', { role: AUDIENCE })).rejects.toMatchObject({
      code: 'FLEET_ERR_NO_CAPACITY',
      retryAfterMs: 5_000,
    });
    expect(await fleet.store.findRoom('r')).toEqual({
      roomId: 'r',
      nodes: [home, second, third],
      epoch: sender.epoch,
      peers: 7,
      expectedPeers: 7,
      reserved: scaleVector(viewers(2), 3),
    });
    expect((await fleet.store.listRooms()).rooms).toEqual([await fleet.store.findRoom('r')]);
    const refused = (await fleet.store.readEvents()).filter((event) => event.kind === 'no-capacity');
    expect(refused).toEqual([expect.objectContaining({ roomId: 'r', nodeId: home })]);
    // The sender's node pays for the links at once.
    expect((await fleet.store.findNode(home))?.committed).toEqual(addVector(viewers(2), pipes(2)));
    expect((await fleet.store.findNode(second ?? ''))?.committed).toEqual(viewers(2));
  });

  test('returns to the first of its nodes that has headroom again', async () => {
    const [home, second, third] = await liveBroadcast(fleet, ['a', 'b', 'c']);
    expect((await fleet.place('r', { role: AUDIENCE })).nodeId).toBe(third?.nodeId);
    const free = { capacity: viewers(2), committed: viewers(1) };
    const left = { peers: 1, subscribers: 1, reserved: viewers(1) };
    if (!home || !second) throw new Error('three nodes');
    await fleet.beat(second.nodeId, { ...free, rooms: [part(second, left)] });
    expect((await fleet.place('r', { role: AUDIENCE })).nodeId).toBe(second.nodeId);
  });

  test('joins from all sides at once: no node above its capacity, and none more than they need', async () => {
    const nodeIds = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const nodeId of nodeIds) await fleet.serve([nodeId], { capacity: viewers(10) });
    await fleet.place('r', { role: SENDER, expectedPeers: 1 });
    const clients = Array.from({ length: 4 }, () => server.client());
    const stores = clients.map((redis) => fleet.openStore({ redis }));
    const join = (i: number) => (stores[i % 4] ?? fleet.store).placePeer({ roomId: 'r', role: AUDIENCE });
    const outcomes = await Promise.allSettled(Array.from({ length: 45 }, (_, i) => join(i)));
    const placed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(placed).toHaveLength(45);
    const room = await fleet.store.findRoom('r');
    // 45 viewers in tens.
    expect(room).toMatchObject({ peers: 46 });
    expect(room?.nodes).toHaveLength(5);
    const more = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => join(i)));
    expect(more.filter(({ status }) => status === 'fulfilled')).toHaveLength(15);
    for (const client of clients) client.disconnect();
    for (const node of await fleet.store.listNodes()) {
      const isHome = node.nodeId === room?.nodes[0];
      expect(node.committed).toEqual(isHome ? addVector(viewers(10), pipes(5)) : viewers(10));
      expect(node.load.clients).toBe(isHome ? 11 : 10);
    }
  });

  test('what a sender makes the other nodes send is counted there at once', async () => {
    const meeting = (people: number, cascade = { remotePublishers: 0, otherNodes: 0 }) =>
      partDemand(withPeer(NO_PEERS, BOTH, people), cascade);
    // Two people see each other larger than three do.
    await fleet.serve(['a'], { capacity: maxVector(meeting(2), meeting(3)) });
    await fleet.place('r', { expectedPeers: 3 });
    for (let i = 0; i < 2; i += 1) await fleet.place('r');
    await fleet.serve(['b']);
    const fourth = await fleet.place('r');
    const onB = (people: number) => meeting(people, { remotePublishers: 3, otherNodes: 1 });
    expect(fourth).toMatchObject({ nodeId: 'b', claim: { reserved: onB(1) } });
    expect((await fleet.store.findNode('a'))?.committed).toEqual(
      meeting(3, { remotePublishers: 1, otherNodes: 1 }),
    );
    const fifth = await fleet.place('r');
    expect(fifth.nodeId).toBe('b');
    expect((await fleet.store.findNode('b'))?.committed).toEqual(onB(2));
    expect((await fleet.store.findNode('a'))?.committed).toEqual(
      meeting(3, { remotePublishers: 2, otherNodes: 1 }),
    );
  });

  test('chooses the further node by the policy, among those that take new rooms', async () => {
    await fleet.serve(['a'], { capacity: viewers(1) });
    await fleet.place('r', { role: SENDER, expectedPeers: 1 });
    await fleet.place('r', { role: AUDIENCE });
    await fleet.serve(['cordoned'], { state: 'CORDONED' });
    await fleet.serve(['unready'], { ready: false });
    await fleet.serve(['small'], { capacity: viewers(3) });
    await fleet.serve(['large']);
    const policy = { selector: 'best-fit' } as const;
    expect((await fleet.place('r', { role: AUDIENCE, policy })).nodeId).toBe('small');
    await fleet.beat('small', { capacity: viewers(3), state: 'DRAINING' });
    // A node that drains takes peers of the rooms it has, and no others.
    expect((await fleet.place('r', { role: AUDIENCE })).nodeId).toBe('small');
    await fleet.beat('small', { capacity: viewers(3), state: 'DRAINED' });
    expect((await fleet.place('r', { role: AUDIENCE })).nodeId).toBe('large');
  });

  test('begins small when it is expected to be more than any node carries, also after all of them were lost', async () => {
    for (const nodeId of ['a', 'b', 'c', 'd']) await fleet.serve([nodeId], { capacity: viewers(5) });
    const sender = await fleet.place('r', { role: SENDER, expectedPeers: 10_000 });
    expect(sender.claim.expectedPeers).toBe(4);
    for (let i = 0; i < 12; i += 1) await fleet.place('r', { role: AUDIENCE });
    const room = await fleet.store.findRoom('r');
    expect(room?.nodes).toHaveLength(3);
    for (const nodeId of room?.nodes ?? []) await fleet.beat(nodeId, { state: 'DRAINED' });
    const again = await fleet.place('r', { role: AUDIENCE });
    expect(again).toMatchObject({ created: true, nodes: [again.nodeId] });
    expect(room?.nodes).not.toContain(again.nodeId);
  });

  test('whose node dies goes on in parts where it fits on no single one, though each is large enough empty', async () => {
    await fleet.serve(['a'], { capacity: viewers(9) });
    await fleet.place('r', { role: SENDER, expectedPeers: 1 });
    for (let i = 0; i < 8; i += 1) await fleet.place('r', { role: AUDIENCE });
    for (const nodeId of ['b', 'c'])
      await fleet.serve([nodeId], { capacity: viewers(9), committed: viewers(4) });
    const evidence = { nodeId: 'a', kind: 'dead' } as const;
    const back = [await fleet.place('r', { role: SENDER, evidence })];
    for (let i = 0; i < 8; i += 1) back.push(await fleet.place('r', { role: AUDIENCE, evidence }));
    expect(new Set(back.map(({ nodeId }) => nodeId))).toEqual(new Set(['b', 'c']));
    // A room that nobody is in yet is better refused, so that scaling hears of it.
    await expect(fleet.place('new', { role: SENDER, expectedPeers: 9 })).rejects.toMatchObject({
      code: 'FLEET_ERR_NO_CAPACITY',
    });
  });

  test('never shares with a node of a release that has no rooms on several nodes', async () => {
    await fleet.serve(['a'], { capacity: viewers(1) });
    await fleet.place('r', { role: SENDER, expectedPeers: 1 });
    await fleet.place('r', { role: AUDIENCE });
    await fleet.serve(['old'], { cascades: false });
    await expect(fleet.place('r', { role: AUDIENCE })).rejects.toMatchObject({
      code: 'FLEET_ERR_NO_CAPACITY',
    });
    expect((await fleet.place('whole')).nodeId).toBe('old');
    await fleet.beat('old', { cascades: false, capacity: viewers(0) });
    await fleet.serve(['new']);
    await expect(fleet.place('whole', { expectedPeers: 9 })).resolves.toMatchObject({ nodeId: 'old' });
    for (let i = 0; i < 2; i += 1) await fleet.place('whole');
    await expect(fleet.place('whole')).rejects.toMatchObject({ code: 'FLEET_ERR_NO_CAPACITY' });
    expect((await fleet.place('r', { role: AUDIENCE })).nodes).toEqual(['a', 'new']);
  });

  test('a peer whose further node can not be reached goes to another one', async () => {
    const [, second] = await liveBroadcast(fleet, ['a', 'b', 'c']);
    const evidence = { nodeId: second?.nodeId ?? '', kind: 'dead' } as const;
    const free = { capacity: viewers(5) };
    await fleet.beat(second?.nodeId ?? '', free);
    const next = await fleet.place('r', { role: AUDIENCE, evidence });
    expect(next.nodes).toHaveLength(3);
    expect(next.nodeId).toBe(next.nodes[2]);
  });
});

describe('a further node', () => {
  test.each(['given back', 'never seen'])('that only a claim made goes with the claim: %s', async (how) => {
    const placed = await broadcast(fleet, ['a', 'b'], 1);
    const last = placed.at(-1);
    if (!last) throw new Error('nobody');
    await fleet.beat(last.nodes[0] ?? '', {
      capacity: viewers(1),
      seenClaims: placed.slice(0, -1).map(({ claim }) => claim.seq),
      rooms: [part(last, { homeNodeId: '', publishers: 1, peers: 2 })],
    });
    if (how === 'given back') {
      for (let i = 0; i < 2; i += 1) {
        await fleet.store.releaseClaim({ nodeId: last.nodeId, roomId: 'r', seq: last.claim.seq });
      }
    } else {
      await fleet.advance(10_000);
    }
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: [last.nodes[0]], peers: 2 });
    expect(await fleet.redis.zcard(`{${fleet.prefix}}:room-index`)).toBe(1);
    expect((await fleet.keys()).some((key) => key.endsWith(':room-parts'))).toBe(false);
    expect((await fleet.store.findNode(last.nodeId))?.committed).toEqual(ZERO_VECTOR);
  });

  test('leaves when its part ends, but not while a peer is on its way there', async () => {
    const [home, second] = await liveBroadcast(fleet, ['a', 'b']);
    if (!home || !second) throw new Error('two nodes');
    const late = await fleet.place('r', { role: AUDIENCE });
    expect(late.nodeId).toBe(second.nodeId);
    await fleet.beat(second.nodeId, { capacity: viewers(2), endedRooms: [ended(second)] });
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: [home.nodeId, second.nodeId], peers: 4 });
    await fleet.beat(second.nodeId, {
      capacity: viewers(2),
      seenClaims: [late.claim.seq],
      endedRooms: [ended(second)],
    });
    expect(await fleet.store.findRoom('r')).toMatchObject({ nodes: [home.nodeId], peers: 3 });
    await fleet.beat(home.nodeId, { capacity: viewers(2), endedRooms: [ended(home)] });
    await expectNothingLeft(fleet);
  });

  test('that starts again without its rooms leaves them', async () => {
    const [home, second] = await liveBroadcast(fleet, ['a', 'b']);
    await fleet.beat(second?.nodeId ?? '', { full: true, heartbeatSeq: 1, acknowledgedSeq: 0 });
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([home?.nodeId]);
  });

  test('that retires, or is silent for more than a minute, leaves the room to the others', async () => {
    const [home, second, third] = await liveBroadcast(fleet, ['a', 'b', 'c']);
    await fleet.store.retire(second?.nodeId ?? '');
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([home?.nodeId, third?.nodeId]);
    await fleet.advance(70_000, { silent: [second?.nodeId ?? '', third?.nodeId ?? ''] });
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([home?.nodeId]);
    expect(await fleet.redis.zcard(`{${fleet.prefix}}:room-index`)).toBe(1);
  });
});

describe('reports', () => {
  test('a node of the room that does not know its home yet is told, and never becomes home beside it', async () => {
    const [home, second] = await liveBroadcast(fleet, ['a', 'b']);
    if (!home || !second) throw new Error('two nodes');
    for (const homeNodeId of ['', second.nodeId, 'z']) {
      const reply = await fleet.beat(second.nodeId, { rooms: [part(second, { homeNodeId })] });
      expect(reply).toMatchObject({
        lostRooms: [],
        homes: [{ roomId: 'r', nodes: [home.nodeId, second.nodeId], epoch: home.epoch }],
      });
    }
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([home.nodeId, second.nodeId]);
  });

  test('of a stranger that names the home make it one of the nodes; of one that names another, a lost room', async () => {
    const [home] = await liveBroadcast(fleet, ['a', 'b']);
    if (!home) throw new Error('two nodes');
    await fleet.serve(['c', 'd']);
    const earlier = { epoch: home.epoch - 1 };
    const named = await fleet.beat('c', { rooms: [part(home, earlier)] });
    expect(named).toMatchObject({ lostRooms: [], homes: [{ roomId: 'r', epoch: home.epoch }] });
    expect((await fleet.store.findRoom('r'))?.nodes).toEqual([...(named.homes[0]?.nodes ?? [])]);
    expect(named.homes[0]?.nodes).toContain('c');
    for (const homeNodeId of ['', 'z']) {
      const other = await fleet.beat('d', { rooms: [part(home, { ...earlier, homeNodeId })] });
      expect(other).toMatchObject({
        lostRooms: [{ roomId: 'r', nodeId: home.nodeId, epoch: home.epoch }],
        homes: [],
      });
    }
  });

  test('that were held up, or come twice, change nothing', async () => {
    const [home, second] = await liveBroadcast(fleet, ['a', 'b']);
    if (!home || !second) throw new Error('two nodes');
    const capacity = viewers(2);
    const old = fleet.heartbeatOf(second.nodeId, { capacity, endedRooms: [ended(second)] });
    const rooms = [part(second, { peers: 2, subscribers: 2 })];
    const next = fleet.heartbeatOf(second.nodeId, { capacity, rooms });
    await fleet.store.heartbeat(next);
    const before = await fleet.store.findRoom('r');
    expect(await fleet.store.heartbeat(old)).toMatchObject({ lostRooms: [], homes: [] });
    await fleet.store.heartbeat(next);
    expect(await fleet.store.findRoom('r')).toEqual(before);
  });
});
