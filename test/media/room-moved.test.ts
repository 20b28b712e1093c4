import { EXTENSION_METHODS, roomPlacementChangedSchema } from '../../core/protocol/fleet-extensions';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';

const A = 0;
const B = 1;

describe('a room that placement moved while its node was thought dead', () => {
  let fleet: TestNodes;

  beforeAll(async () => {
    fleet = await TestNodes.start({ count: 2 });
    await fleet.onlyPlaceOn(A);
  });

  afterAll(() => fleet.close());

  test('is dropped by its old node with the next heartbeat, and its peers are led to the new one', async () => {
    const roomId = 'moved';
    const { client, session } = await ProtooSocket.open({ url: fleet.url(B), roomId, peerId: 'new' });
    const old = await ProtooSocket.connect({ url: fleet.url(A), roomId, peerId: 'old' });
    await Promise.all([client, old].map((one) => one.request('getRouterRtpCapabilities')));
    const { client: elsewhere } = await ProtooSocket.open({
      url: fleet.url(A),
      roomId: 'stays',
      peerId: 'p',
    });
    await elsewhere.request('getRouterRtpCapabilities');
    expect(session.mediaNodeId).toBe('node-a');
    await fleet.onlyPlaceOn(B);

    // Another gateway was refused by node a's link, so it says, and brings a peer of its own.
    const role = { publishes: true, subscribes: true };
    const { parts } = fleet.node(B);
    const evidence = { nodeId: 'node-a', kind: 'dead' as const };
    const placement = await parts.placement.placePeer({ roomId, role, evidence });
    expect(placement).toMatchObject({ nodeId: 'node-b', created: true });

    const { data } = await client.notification(EXTENSION_METHODS.roomPlacementChanged);
    expect(roomPlacementChangedSchema.parse(data)).toMatchObject({ reason: 'moved' });
    expect([(await client.closing()).code, (await old.closing()).code]).toEqual([1012, 1012]);
    expect(fleet.node(A).parts.media.hasRoom(roomId)).toBe(false);
    // The node lives, and so do its other rooms.
    expect(await elsewhere.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });

    const { client: again, session: there } = await ProtooSocket.open({
      url: fleet.url(A),
      roomId,
      peerId: 'new',
    });
    expect(there).toMatchObject({ mediaNodeId: 'node-b', resumed: false });
    await eventually(() => fleet.node(B).parts.media.hasRoom(roomId));
    again.close();
    elsewhere.close();
  });
});
