import {
  EXTENSION_METHODS,
  roomPlacementChangedSchema,
  sessionOpenedSchema,
} from '../../core/protocol/fleet-extensions';
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

  test('leaves those who can reopen their connection, and only what comes after that is heard', async () => {
    const roomId = 'reopened';
    const { media } = fleet.node(B).parts;
    const query = { resume: '1', reopen: '1' };
    const { client, session } = await ProtooSocket.open({ url: fleet.url(A), roomId, peerId: 'p', query });
    await client.request('getRouterRtpCapabilities');
    const [pid] = media.workerPids;
    if (pid === undefined) throw new Error('there is no worker');

    process.kill(pid, 'SIGKILL');

    const { data } = await client.notification(EXTENSION_METHODS.roomPlacementChanged);
    expect(data).toMatchObject({ reason: 'worker-died', reopen: true });
    client.messages.splice(0);
    const early = client.sendRequest('getRouterRtpCapabilities');
    client.send({ notification: true, method: EXTENSION_METHODS.ping, data: {} });
    await client.notification(EXTENSION_METHODS.pong);
    // Without a worker there is no room for anybody, and with the next one at once.
    await eventually(() => media.workerPids.length > 0);
    await fleet.node(B).parts.registrar.beat();
    client.send({ notification: true, method: EXTENSION_METHODS.reopenSession, data: {} });
    const opened = sessionOpenedSchema.parse(
      (await client.notification(EXTENSION_METHODS.sessionOpened)).data,
    );
    expect(opened.resumed).toBe(false);
    expect(opened.sessionId).not.toBe(session.sessionId);
    expect(await client.request('getRouterRtpCapabilities')).toMatchObject({ ok: true, seq: 1 });
    expect(client.responsesTo(early)).toEqual([]);
    // A second one is none: the session lives.
    client.send({ notification: true, method: EXTENSION_METHODS.reopenSession, data: {} });
    expect(await client.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
    expect(media.describeRoom(roomId).peers).toHaveLength(1);
    client.close();
    await eventually(() => !media.hasRoom(roomId));
  });

  test('is told to placement at once, and so is the worker that stands in', async () => {
    const { media, registrar } = fleet.node(B).parts;
    const [pid] = media.workerPids;
    if (pid === undefined) throw new Error('there is no worker');
    const beat = jest.spyOn(registrar, 'beat');
    const told: string[] = [];
    for (const event of ['workerDied', 'workerReplaced'] as const) {
      let before = 0;
      media.prependOnceListener(event, () => (before = beat.mock.calls.length));
      media.once(event, () => told.push(`${event} ${beat.mock.calls.length - before}`));
    }
    process.kill(pid, 'SIGKILL');
    await eventually(() => told.length === 2);
    expect(told).toEqual(['workerDied 1', 'workerReplaced 1']);
    beat.mockRestore();
  });

  test('closes a connection whose client does not reopen it in time', async () => {
    const query = { resume: '1', reopen: '1' };
    const { client } = await ProtooSocket.open({ url: fleet.url(A), roomId: 'late', peerId: 'p', query });
    const [pid] = fleet.node(B).parts.media.workerPids;
    if (pid === undefined) throw new Error('there is no worker');
    process.kill(pid, 'SIGKILL');
    await client.notification(EXTENSION_METHODS.roomPlacementChanged);
    expect((await client.closing()).code).toBe(1012);
  });

  /** As an old client does after 1012, again and again until the worker is replaced. */
  async function rejoin(roomId: string, peerId: string): Promise<SignallingPeer> {
    const peer = await SignallingPeer.connect({ url: fleet.url(A), roomId, peerId });
    await peer.join({ publish: peerId === 'old' });
    return peer;
  }
});
