import { EXTENSION_METHODS, roomPlacementChangedSchema } from '../../core/protocol/fleet-extensions';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';
import { SignallingPeer } from '../helpers/signalling-peer';
import { TcpProxy } from '../helpers/tcp-proxy';

/** Node b is reached through a proxy; clients connect to a, rooms are on b. */
const A = 0;
const B = 1;

describe('a session whose media is on another node', () => {
  let fleet: TestNodes;
  let proxy: TcpProxy;

  beforeAll(async () => {
    proxy = await TcpProxy.to();
    fleet = await TestNodes.start({
      count: 2,
      env: (index) => ({ ...(index === B && { FLEET_LINK_ADDRESS: proxy.address }) }),
    });
    proxy.retarget(`tcp://127.0.0.1:${fleet.node(B).linkPort}`);
    await fleet.onlyPlaceOn(B);
  });

  afterAll(async () => {
    await fleet.close();
    await proxy.close();
  });

  afterEach(() => proxy.unstall());

  const open = (roomId: string, peerId = 'p', query: Record<string, string> = {}, gateway = A) =>
    ProtooSocket.open({ url: fleet.url(gateway), roomId, peerId, query });

  test('is signalled through the gateway, and its media is there', async () => {
    const { client, session } = await open('relayed');
    expect(session).toMatchObject({ gatewayNodeId: 'node-a', mediaNodeId: 'node-b', resumed: false });
    expect(await client.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
    expect(fleet.node(B).parts.media.hasRoom('relayed')).toBe(true);
    expect(fleet.node(A).parts.media.hasRoom('relayed')).toBe(false);
    client.close();
    await eventually(() => !fleet.node(B).parts.media.hasRoom('relayed'));
  });

  test("brings the room's nodes, and how its home is reached, to its media", async () => {
    const openPeer = jest.spyOn(fleet.node(B).parts.media, 'openPeer');
    const { client } = await open('nodes');
    expect(openPeer).toHaveBeenCalledWith(
      expect.objectContaining({ roomId: 'nodes', nodes: ['node-b'], homeLinkAddress: proxy.address }),
    );
    openPeer.mockRestore();
    client.close();
  });

  test('old clients on both gateways meet in it', async () => {
    const roomId = 'both';
    const alice = await SignallingPeer.connect({ url: fleet.url(A), roomId, peerId: 'alice' });
    await alice.join({ publish: true });
    const bob = await SignallingPeer.connect({ url: fleet.url(B), roomId, peerId: 'bob' });
    await bob.join({ publish: true });
    await eventually(() => alice.consumers.length === 2 && bob.consumers.length === 2);
    await alice.close();
    await bob.close();
  });

  test('survives its link, for old clients too, without loss or repetition', async () => {
    const old = await ProtooSocket.connect({ url: fleet.url(A), roomId: 'cut', peerId: 'old' });
    const { client } = await open('cut', 'new');
    await Promise.all([old.request('getRouterRtpCapabilities'), client.request('getRouterRtpCapabilities')]);
    const transportsOf = () =>
      fleet
        .node(B)
        .parts.media.describeRoom('cut')
        .peers.map(({ transports }) => transports);
    const create = { forceTcp: false, producing: true, consuming: false };
    const ids: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      ids.push(old.sendRequest('createWebRtcTransport', create));
      client.sendRequest('createWebRtcTransport', create, 1_000 + round);
      // At once: some of it is on the way, some not sent, some executed and not answered.
      proxy.cut();
      await eventually(() => ids.every((id) => old.responsesTo(id).length > 0));
      await client.response(1_000 + round);
    }
    expect(ids.map((id) => old.responsesTo(id).length)).toEqual([1, 1, 1]);
    expect([0, 1, 2].map((round) => client.responsesTo(1_000 + round).length)).toEqual([1, 1, 1]);
    expect(transportsOf()).toEqual([3, 3]);
    expect(client.seqs).toEqual(client.seqs.map((_seq, index) => index + 1));
    expect([old.closed, client.closed]).toEqual([undefined, undefined]);
    old.close();
    client.close();
  });

  test('survives a link that falls silent', async () => {
    const { client } = await open('silent');
    await client.request('getRouterRtpCapabilities');
    proxy.stall();
    const id = client.sendRequest('getRouterRtpCapabilities');
    await eventually(() => fleet.node(A).parts.hub.find('node-b') === undefined);
    proxy.unstall();
    expect(await client.response(id)).toMatchObject({ ok: true });
    expect(client.closed).toBeUndefined();
    client.close();
  });

  test('ends on the media node when the client leaves while the link is down', async () => {
    const { client } = await open('left');
    await client.request('getRouterRtpCapabilities');
    proxy.cut();
    client.close();
    await eventually(() => !fleet.node(B).parts.media.hasRoom('left'));
  });

  test('nodes that dial each other at once keep exactly one link', async () => {
    for (let round = 0; round < 5; round += 1) {
      // Whichever dial won: only one of the two goes through the proxy. What was not acknowledged yet when the link
      // closed, as the goodbye of the test before, brings it back at once: it is closed until it stays so.
      await eventually(() => {
        fleet.node(A).parts.hub.find('node-b')?.close('cut by the test');
        return !fleet.node(A).parts.hub.find('node-b') && !fleet.node(B).parts.hub.find('node-a');
      });
      const [fromA, fromB] = await Promise.all([
        fleet.node(A).parts.hub.connect('node-b', proxy.address),
        fleet.node(B).parts.hub.connect('node-a', `127.0.0.1:${fleet.node(A).linkPort}`),
      ]);
      expect(fromA.linkId).toBe(fromB.linkId);
      expect(fleet.node(A).parts.hub.find('node-b')).toBe(fromA);
      expect(fleet.node(B).parts.hub.find('node-a')).toBe(fromB);
      expect([fromA.closed, fromB.closed]).toEqual([false, false]);
    }
  });

  describe('resumed', () => {
    test('on another gateway: everything missed comes again in order, and no request runs twice', async () => {
      const { client: first, session } = await open('resume', 'p');
      await first.request('getRouterRtpCapabilities');
      const lastSeq = Math.max(...first.seqs);
      const create = { forceTcp: false, producing: true, consuming: false };
      await first.response(first.sendRequest('createWebRtcTransport', create, 77));
      const missed = first.messages.filter(({ seq }) => seq !== undefined && seq > lastSeq);
      first.socket.terminate();

      const { client: second, session: resumed } = await open(
        'resume',
        'p',
        { resumeToken: session.resumeToken, lastSeq: String(lastSeq) },
        B,
      );
      expect(resumed).toMatchObject({
        resumed: true,
        sessionId: session.sessionId,
        gatewayNodeId: 'node-b',
        mediaNodeId: 'node-b',
      });
      // As a client does that does not know whether its request arrived.
      second.sendRequest('createWebRtcTransport', create, 77);
      expect(await second.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
      expect(second.messages.filter(({ seq }) => seq !== undefined).slice(0, missed.length)).toEqual(missed);
      expect(second.responsesTo(77)).toHaveLength(1);
      expect(fleet.node(B).parts.media.describeRoom('resume').peers).toMatchObject([{ transports: 1 }]);
      second.close();
      await eventually(() => !fleet.node(B).parts.media.hasRoom('resume'));
    });

    test('while the old connection still looks alive: the old one is closed for good', async () => {
      const { client: first, session } = await open('takeover', 'p');
      await first.request('getRouterRtpCapabilities');
      const { client: second } = await open('takeover', 'p', {
        resumeToken: session.resumeToken,
        lastSeq: String(Math.max(...first.seqs)),
      });
      expect((await first.closing()).code).toBe(4000);
      expect(await second.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
      second.close();
    });

    test.each([
      ['a made-up token', (token: string) => `${token.slice(0, -4)}AAAA`],
      ['no token of ours', () => 'nonsense'],
      ['a node that does not exist', (token: string) => token.replace(/^[^.]+/, 'bm9kZS16')],
    ])('never with %s', async (_case, forge) => {
      const { client: first, session } = await open('forged', 'p');
      const thief = await ProtooSocket.connect({
        url: fleet.url(A),
        roomId: 'forged',
        peerId: 'p',
        query: { resume: '1', resumeToken: forge(session.resumeToken), lastSeq: '0' },
      });
      const { data } = await thief.notification(EXTENSION_METHODS.connectionRefused);
      expect(data).toMatchObject({ code: 'FLEET_ERR_SESSION_GONE' });
      expect((await thief.closing()).code).toBe(1012);
      expect(await first.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
      first.close();
    });

    test("never as another peer's session", async () => {
      const { client: first, session } = await open('bound', 'p');
      const thief = await ProtooSocket.connect({
        url: fleet.url(A),
        roomId: 'bound',
        peerId: 'q',
        query: { resume: '1', resumeToken: session.resumeToken, lastSeq: '0' },
      });
      const { data } = await thief.notification(EXTENSION_METHODS.connectionRefused);
      expect(data).toMatchObject({ code: 'FLEET_ERR_SESSION_GONE' });
      first.close();
    });
  });
});

describe('when the media node dies', () => {
  test('its peers hear of it with a time to come back, and are placed elsewhere at once', async () => {
    const fleet = await TestNodes.start({ count: 2 });
    try {
      await fleet.onlyPlaceOn(B);
      const { client } = await ProtooSocket.open({ url: fleet.url(A), roomId: 'r', peerId: 'new' });
      const old = await ProtooSocket.connect({ url: fleet.url(A), roomId: 'r', peerId: 'old' });
      await Promise.all([client, old].map((one) => one.request('getRouterRtpCapabilities')));

      // Its link port refuses from now on, while its heartbeats still say that it lives.
      await fleet.node(B).parts.hub.close();

      const { data } = await client.notification(EXTENSION_METHODS.roomPlacementChanged);
      const change = roomPlacementChangedSchema.parse(data);
      expect(change.reason).toBe('node-lost');
      expect(change.retryAfterMs).toBeLessThanOrEqual(500);
      expect([(await client.closing()).code, (await old.closing()).code]).toEqual([1012, 1012]);

      await fleet.node(A).parts.commands.command('node-a', 'uncordon', {});
      const { session } = await ProtooSocket.open({ url: fleet.url(A), roomId: 'r', peerId: 'new' });
      expect(session.mediaNodeId).toBe('node-a');
    } finally {
      await fleet.close();
    }
  });
});
