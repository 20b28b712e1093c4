import { eventually } from '../../helpers/eventually';
import { TestNodes } from '../../helpers/fleet-node';
import { ProtooSocket } from '../../helpers/protoo-socket';

const A = 0;
const B = 1;
const C = 2;

/** By the model a room of four who all send and receive takes 6.8 Mbit/s, and one of five 11.3. */
const CAPACITY = { FLEET_CAPACITY_EGRESS_BPS: '7000000', FLEET_EXPECTED_PEERS: '2' };
const PEERS = 6;

describe('a room that outgrows its node', () => {
  let fleet: TestNodes;

  beforeAll(async () => {
    fleet = await TestNodes.start({ count: 3, env: CAPACITY });
  });

  afterAll(() => fleet.close(), 30_000);

  const carriers = (roomId: string) =>
    [A, B, C].filter((index) => fleet.node(index).parts.media.hasRoom(roomId));

  async function join(roomId: string, peerId: string, through = A) {
    const { client, session } = await ProtooSocket.open({ url: fleet.url(through), roomId, peerId });
    const answer = await client.request('join', {
      displayName: peerId,
      device: { flag: 'chrome', name: 'Chrome', version: '156' },
      rtpCapabilities: { codecs: [], headerExtensions: [] },
    });
    return { client, session, answer };
  }

  test('gets further nodes, and everybody is in one room', async () => {
    const roomId = 'large';
    const joined = [];
    for (let index = 0; index < PEERS; index += 1) joined.push(await join(roomId, `p${index}`));
    const nodeIds = new Set(joined.map(({ session }) => session.mediaNodeId));
    expect(nodeIds.size).toBeGreaterThan(1);
    const record = await fleet.node(A).parts.placement.findRoom(roomId);
    expect(record?.nodes).toHaveLength(nodeIds.size);
    expect(record?.nodes[0]).toBe(joined[0]?.session.mediaNodeId);
    // The last one found all others, wherever they are.
    const { data } = joined.at(-1)?.answer as { data: { peers: { peerId: string }[] } };
    expect(data.peers.map(({ peerId }) => peerId).sort()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
    expect(carriers(roomId)).toHaveLength(nodeIds.size);

    // The room shrinks back when nobody is left on a node.
    const home = joined[0]?.session.mediaNodeId;
    for (const { client, session } of joined) if (session.mediaNodeId !== home) client.close();
    await eventually(() => carriers(roomId).length === 1);
    await eventually(async () => {
      const left = await fleet.node(A).parts.placement.findRoom(roomId);
      return left?.nodes.length === 1 && left.nodes[0] === home;
    });
    for (const { client } of joined) client.close();
    await eventually(async () => (await fleet.node(A).parts.placement.findRoom(roomId)) === undefined);
  });

  test('is handed over when nobody is left on its home', async () => {
    const roomId = 'handed-over';
    const joined = [];
    for (let index = 0; index < PEERS; index += 1) joined.push(await join(roomId, `p${index}`, B));
    const home = joined[0]?.session.mediaNodeId;
    const rest = joined.filter(({ session }) => session.mediaNodeId !== home);
    expect(rest.length).toBeGreaterThan(0);
    const [{ session, client } = {}] = rest;
    for (const one of joined) if (one.session.mediaNodeId === home) one.client.close();
    await eventually(async () => {
      const record = await fleet.node(A).parts.placement.findRoom(roomId);
      return record?.nodes[0] === session?.mediaNodeId;
    });
    // Whoever comes now is in the same room.
    const late = await join(roomId, 'late', C);
    const { data } = late.answer as { data: { peers: { peerId: string }[] } };
    expect(data.peers.map(({ peerId }) => peerId)).toContain(
      String(rest[0] && 'p' + joined.indexOf(rest[0])),
    );
    expect(await client?.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
    for (const one of [...rest, late]) one.client.close();
    await eventually(() => carriers(roomId).length === 0);
  });
});
