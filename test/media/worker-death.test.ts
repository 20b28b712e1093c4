import { EXTENSION_METHODS, roomPlacementChangedSchema } from '../../core/protocol/fleet-extensions';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';
import { SignallingPeer } from '../helpers/signalling-peer';

/** Clients connect to a, rooms are on b. */
const A = 0;
const B = 1;

describe('the death of a media worker, as clients of another gateway see it', () => {
  let fleet: TestNodes;

  beforeAll(async () => {
    fleet = await TestNodes.start({ count: 2 });
    await fleet.onlyPlaceOn(B);
  });

  afterAll(() => fleet.close());

  test('is told with a time to come back, and the room is rebuilt by those who do', async () => {
    const roomId = 'rebuilt';
    const { media } = fleet.node(B).parts;
    const { client } = await ProtooSocket.open({ url: fleet.url(A), roomId, peerId: 'new' });
    await client.request('getRouterRtpCapabilities');
    const old = await SignallingPeer.connect({ url: fleet.url(A), roomId, peerId: 'old' });
    await old.join({ publish: true });
    const [pid] = media.workerPids;
    if (pid === undefined) throw new Error('there is no worker');

    process.kill(pid, 'SIGKILL');

    const { data } = await client.notification(EXTENSION_METHODS.roomPlacementChanged);
    const change = roomPlacementChangedSchema.parse(data);
    expect(change.reason).toBe('worker-died');
    expect(change.retryAfterMs).toBeLessThanOrEqual(1_000);
    expect((await client.closing()).code).toBe(1012);
    // 1012 makes protoo-client join again by itself; nothing that it does not know was said to it.
    expect(await eventually(() => old.closed)).toMatchObject({ code: 1012 });
    expect(old.notifications.map(({ method }) => method)).not.toContain('roomPlacementChanged');

    const publisher = await eventually(() => rejoin(roomId, 'old'));
    const viewer = await eventually(() => rejoin(roomId, 'new'));
    await eventually(() => viewer.consumers.length === 2);
    expect(media.workerPids).not.toContain(pid);
    expect(
      media
        .describeRoom(roomId)
        .peers.map(({ peerId }) => peerId)
        .sort(),
    ).toEqual(['new', 'old']);
    await Promise.all([publisher.close(), viewer.close()]);
    await eventually(() => !media.hasRoom(roomId));
  });

  /** As an old client does after 1012, again and again until the worker is replaced. */
  async function rejoin(roomId: string, peerId: string): Promise<SignallingPeer> {
    const peer = await SignallingPeer.connect({ url: fleet.url(A), roomId, peerId });
    await peer.join({ publish: peerId === 'old' });
    return peer;
  }
});
