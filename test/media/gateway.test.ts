import { connectionRefusedSchema, EXTENSION_METHODS } from '../../core/protocol/fleet-extensions';
import { TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';
import { SignallingPeer } from '../helpers/signalling-peer';
import { eventually } from '../helpers/eventually';

describe('a gateway with its own media', () => {
  let fleet: TestNodes;

  beforeAll(async () => {
    fleet = await TestNodes.start();
  });

  afterAll(async () => {
    await fleet.close();
  });

  async function refusalOf(client: ProtooSocket) {
    const { data } = await client.notification(EXTENSION_METHODS.connectionRefused);
    return connectionRefusedSchema.parse(data);
  }

  test('lets two peers of an old client meet', async () => {
    const roomId = 'meet';
    const alice = await SignallingPeer.connect({ url: fleet.url(0), roomId, peerId: 'alice' });
    await alice.join({ publish: true });
    const bob = await SignallingPeer.connect({ url: fleet.url(0), roomId, peerId: 'bob' });
    await bob.join({ publish: false });

    await eventually(() => bob.consumers.length === 2);
    expect(bob.consumers.map(({ peerId }) => peerId)).toEqual(['alice', 'alice']);
    await eventually(() => alice.notifications.some(({ method }) => method === 'newPeer'));

    await bob.close();
    await eventually(() => alice.notifications.some(({ method }) => method === 'peerClosed'));
    await alice.close();
  });

  test('answers the ping of a client that can resume, and nobody else hears of it', async () => {
    const { client, session } = await ProtooSocket.open({ url: fleet.url(0), roomId: 'ping', peerId: 'p' });
    expect(session.answersPings).toBe(true);
    client.send({ notification: true, method: EXTENSION_METHODS.ping });
    expect(await client.notification(EXTENSION_METHODS.pong)).not.toHaveProperty('seq');
    client.close();
  });

  test('sends no seq to a client that did not ask for resume', async () => {
    const client = await ProtooSocket.connect({ url: fleet.url(0), roomId: 'plain', peerId: 'p' });
    expect(await client.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
    expect(client.seqs).toEqual([]);
    expect(client.messages.some((m) => 'notification' in m && m.method === 'sessionOpened')).toBe(false);
    client.close();
  });

  test.each([
    ['no room', ''],
    ['no peer', '?roomId=r'],
    ['a room twice', '?roomId=a&roomId=b&peerId=p'],
  ])('refuses a query with %s for good', async (_case, query) => {
    const client = await ProtooSocket.connectRaw(`${fleet.url(0)}/${query}`);
    expect(await refusalOf(client)).toMatchObject({ code: 'FLEET_ERR_BAD_REQUEST', retriable: false });
    expect((await client.closing()).code).toBe(4000);
  });

  test('keeps the order of what comes while the session is being opened', async () => {
    const client = await ProtooSocket.connect({ url: fleet.url(0), roomId: 'early', peerId: 'p' });
    const ids = ['getRouterRtpCapabilities', 'noSuchMethod', 'getRouterRtpCapabilities'].map((method) =>
      client.sendRequest(method),
    );
    const answers = await Promise.all(ids.map((id) => client.response(id)));
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, true]);
    client.close();
  });

  test('a second connection of a peer takes its place, and the first does not come back', async () => {
    const options = { url: fleet.url(0), roomId: 'twice', peerId: 'p' };
    const first = await ProtooSocket.connect(options);
    await first.request('getRouterRtpCapabilities');
    const second = await ProtooSocket.connect(options);
    await second.request('getRouterRtpCapabilities');
    expect(await refusalOf(first)).toMatchObject({ code: 'FLEET_ERR_PEER_REPLACED' });
    expect((await first.closing()).code).toBe(4000);
    expect(second.closed).toBeUndefined();
    second.close();
  });

  test('a peer that leaves frees its room', async () => {
    const client = await ProtooSocket.connect({ url: fleet.url(0), roomId: 'gone', peerId: 'p' });
    await client.request('getRouterRtpCapabilities');
    expect(fleet.node(0).parts.media.hasRoom('gone')).toBe(true);
    client.close();
    await eventually(() => !fleet.node(0).parts.media.hasRoom('gone'));
  });

  describe('hostile clients', () => {
    let witness: ProtooSocket;

    beforeAll(async () => {
      witness = await ProtooSocket.connect({ url: fleet.url(0), roomId: 'hostile', peerId: 'witness' });
      await witness.request('getRouterRtpCapabilities');
    });

    afterEach(async () => {
      // Whatever happened, the others of the room notice nothing.
      expect(await witness.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
      expect(witness.closed).toBeUndefined();
    });

    afterAll(() => witness.close());

    const attack = () => ProtooSocket.connect({ url: fleet.url(0), roomId: 'hostile', peerId: 'attacker' });

    test.each([
      ['not JSON', 'hello'],
      ['a binary message', Buffer.from([1, 2, 3])],
    ])('%s ends the connection', async (_case, raw) => {
      const client = await attack();
      client.socket.send(raw);
      expect(await refusalOf(client)).toMatchObject({ code: 'FLEET_ERR_BAD_MESSAGE' });
      expect((await client.closing()).code).toBe(1008);
    });

    test('a huge message ends the connection before it is read', async () => {
      const client = await attack();
      client.socket.send('x'.repeat(300 * 1024));
      expect((await client.closing()).code).toBe(1009);
    });

    test.each([
      ['a method that is no text', { request: true, id: 1, method: 7 }],
      ['no method', { request: true, id: 1 }],
    ])('a request with %s is answered with an error', async (_case, message) => {
      const client = await attack();
      client.socket.send(JSON.stringify(message));
      expect(await client.response(1)).toMatchObject({
        ok: false,
        errorCode: 400,
        errorReason: expect.stringMatching(/^FLEET_ERR_BAD_MESSAGE/) as string,
      });
      client.close();
    });

    test.each([
      ['null'],
      ['[]'],
      ['{"__proto__":{"request":true}}'],
      ['{"request":true,"id":-1,"method":"x"}'],
    ])('%s is dropped', async (raw) => {
      const client = await attack();
      client.socket.send(raw);
      expect(await client.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
      client.close();
    });

    test('an unknown method is answered with its code', async () => {
      const client = await attack();
      expect(await client.request('constructor')).toMatchObject({
        errorReason: expect.stringMatching(/^FLEET_ERR_UNKNOWN_METHOD/) as string,
      });
      client.close();
    });

    test('answers to requests that nobody asked change nothing', async () => {
      const client = await attack();
      for (let id = 0; id < 20; id += 1) client.send({ response: true, id, ok: true, data: {} });
      expect(await client.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
      client.close();
    });

    test('10,000 requests at once get errors, then the end', async () => {
      const client = await attack();
      await client.request('getRouterRtpCapabilities');
      for (let i = 0; i < 10_000; i += 1) client.sendRequest('getRouterRtpCapabilities');
      expect((await client.closing()).code).toBe(1008);
      expect(await refusalOf(client)).toMatchObject({ code: 'FLEET_ERR_RATE_LIMITED', retriable: true });
    });

    test("another peer's objects are not to be had", async () => {
      const victim = await ProtooSocket.connect({ url: fleet.url(0), roomId: 'hostile', peerId: 'victim' });
      const transport = await victim.request('createWebRtcTransport', {
        forceTcp: false,
        producing: true,
        consuming: false,
      });
      const transportId = transport.ok ? (transport.data as { id: string }).id : '';
      expect(transportId).not.toBe('');
      const client = await attack();
      expect(await client.request('restartIce', { transportId })).toMatchObject({ ok: false });
      expect(await victim.request('restartIce', { transportId })).toMatchObject({ ok: true });
      client.close();
      victim.close();
    });
  });
});
