import { randomUUID } from 'node:crypto';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { SignallingPeer } from '../helpers/signalling-peer';

/** A real node that is told to empty itself while people are in a room on it. */
describe('draining a node with a live room', () => {
  let fleet: TestNodes;
  const peers: SignallingPeer[] = [];

  beforeAll(async () => {
    fleet = await TestNodes.start({ count: 2 });
  });

  afterAll(async () => {
    await Promise.all(peers.map((peer) => peer.close()));
    await fleet.close();
  });

  async function join(roomId: string, gateway: number): Promise<SignallingPeer> {
    const peer = await SignallingPeer.connect({ url: fleet.url(gateway), roomId, peerId: randomUUID() });
    peers.push(peer);
    await peer.join({ publish: true });
    return peer;
  }

  const stateOf = async (nodeId: string): Promise<string | undefined> =>
    (await fleet.node(0).parts.placement.findNode(nodeId))?.state;

  test('its room goes on and takes further peers, new rooms go elsewhere, and it is drained when the last has left', async () => {
    const roomId = randomUUID();
    const first = await join(roomId, 0);
    const placement = fleet.node(0).parts.placement;
    const home = (await placement.findRoom(roomId))?.nodes[0] ?? '';
    const other = fleet.nodes.find(({ nodeId }) => nodeId !== home);
    if (!other) throw new Error('there is no other node');

    const drained = await fetch(`http://127.0.0.1:${other.httpPort}/v1/nodes/${home}/drain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ deadlineMinutes: 5, reason: 'a test' }),
    });
    expect(drained.status).toBe(200);
    await eventually(async () => (await stateOf(home)) === 'DRAINING');

    const second = await join(roomId, 1);
    await eventually(() => first.consumers.length === 2 && second.consumers.length === 2);
    expect((await placement.findRoom(roomId))?.nodes).toEqual([home]);
    for (let index = 0; index < 3; index += 1) {
      const elsewhere = randomUUID();
      await join(elsewhere, index % 2);
      expect((await placement.findRoom(elsewhere))?.nodes).toEqual([other.nodeId]);
    }
    expect(await stateOf(home)).toBe('DRAINING');
    expect([first.closed, second.closed]).toEqual([undefined, undefined]);

    await Promise.all([first.close(), second.close()]);
    await eventually(async () => (await stateOf(home)) === 'DRAINED');
  });
});
