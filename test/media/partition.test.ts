import { eventually } from '../helpers/eventually';
import { SeverableNodes } from '../helpers/severable-nodes';
import { SignallingPeer } from '../helpers/signalling-peer';

/** The room begins on a. What is cut off is silent, as where a network fails: nobody is refused, nobody is told. */
const A = 0;
const B = 1;
const ROOM = 'room';
/** So long placement waits for a silent home of which nobody says anything. */
const SILENT_HOME_MS = 15_000;

describe('a node that is cut off', () => {
  let nodes: SeverableNodes;
  let peers: SignallingPeer[];

  beforeEach(async () => {
    peers = [];
    nodes = await SeverableNodes.start();
    await nodes.fleet.onlyPlaceOn(A);
    await enter('first', A);
    await enter('second', B);
    await nodes.fleet.onlyPlaceOn(B);
  });

  afterEach(async () => {
    await Promise.all(peers.map((peer) => peer.close()));
    await nodes.close();
  });

  /** @throws PeerError when refused */
  async function enter(peerId: string, gateway: number): Promise<SignallingPeer> {
    const url = nodes.fleet.url(gateway);
    const peer = await SignallingPeer.connect({ url, roomId: ROOM, peerId, query: { resume: '1' } });
    peers.push(peer);
    await peer.join({ publish: false });
    return peer;
  }

  /** As it came last. */
  function peer(peerId: string): SignallingPeer {
    const found = peers.findLast((one) => one.peerId === peerId);
    if (!found) throw new RangeError(`no peer ${peerId}`);
    return found;
  }

  /** What placement has, asked through b. */
  const record = () => nodes.fleet.node(B).parts.placement.findRoom(ROOM);

  const allMeet = (peerIds: string[]) =>
    eventually(() =>
      peerIds.every((one) => peerIds.every((other) => other === one || peer(one).others().includes(other))),
    );

  async function expectNothingLeft(): Promise<void> {
    await Promise.all(peers.map((one) => one.close()));
    await eventually(async () => expect(await nodes.leftovers()).toEqual([]) === undefined);
  }

  test('from Redis alone stays home of its room for whoever reaches it: another node passes its heartbeats on', async () => {
    const before = await record();
    nodes.stallRedis(A);
    const startMs = performance.now();
    const ids = ['first', 'second'];
    while (performance.now() - startMs < SILENT_HOME_MS + 3_000) {
      const peerId = `late-${ids.length}`;
      await enter(peerId, B);
      ids.push(peerId);
      expect(nodes.homesOf(ROOM)).toEqual(['node-a']);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await allMeet(ids);
    // It may lapse for a moment while it finds out, and no longer.
    await eventually(async () => (await nodes.fleet.node(B).parts.placement.findNode('node-a'))?.alive);
    expect(await record()).toMatchObject({ nodes: ['node-a'], epoch: before?.epoch });
    nodes.heal();
    await eventually(async () => (await record())?.peers === ids.length);
    expect(await record()).toMatchObject({ nodes: ['node-a'], epoch: before?.epoch });
    expect(peers.map(({ closed }) => closed)).toEqual(peers.map(() => undefined));
    await expectNothingLeft();
  });

  test('from Redis and the others goes on alone, and hands over by epoch to where the others are when it is back', async () => {
    const before = await record();
    nodes.stallRedis(A);
    nodes.stallLinks();
    // The others' side: they are told, and meet again on b.
    await eventually(() => peer('second').closed);
    await eventually(() => enter('second', B));
    await enter('third', B);
    await allMeet(['second', 'third']);
    const moved = await record();
    expect(moved).toMatchObject({ nodes: ['node-b'] });
    expect(moved?.epoch).toBeGreaterThan(before?.epoch ?? Infinity);
    // Its own side: whom it reaches goes on, and it neither ends nor drains.
    expect(nodes.homesOf(ROOM)).toEqual(['node-a', 'node-b']);
    expect(await peer('first').request('getRouterRtpCapabilities')).toBeDefined();
    expect(nodes.fleet.node(A).parts.status.state).toBe('CORDONED');
    expect((await fetch(`http://127.0.0.1:${nodes.fleet.node(A).httpPort}/healthz`)).status).toBe(200);

    nodes.heal();
    await eventually(() => nodes.homesOf(ROOM).join() === 'node-b');
    expect(await eventually(() => peer('first').closed)).toMatchObject({ reason: 'FLEET_ERR_ROOM_MOVED' });
    await eventually(() => enter('first', A));
    await allMeet(['first', 'second', 'third']);
    expect(await record()).toMatchObject({ nodes: ['node-b'], epoch: moved?.epoch });
    await expectNothingLeft();
  });

  test('from the others but not from Redis keeps its room: who does not reach it is refused, and comes in again later', async () => {
    const before = await record();
    nodes.stallLinks();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(enter('third', B)).rejects.toMatchObject({
        code: expect.stringMatching(/PLACEMENT_UNAVAILABLE|NODE_UNREACHABLE/) as string,
      });
      expect(nodes.homesOf(ROOM)).toEqual(['node-a']);
      expect(await record()).toMatchObject({ nodes: ['node-a'], epoch: before?.epoch });
    }
    await enter('fourth', A);
    nodes.heal();
    await eventually(() => enter('third', B));
    await allMeet(['first', 'third', 'fourth']);
    expect(nodes.homesOf(ROOM)).toEqual(['node-a']);
    await expectNothingLeft();
  });
});
