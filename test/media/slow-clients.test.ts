import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { TcpProxy } from '../helpers/tcp-proxy';
import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { ProtooSocket } from '../helpers/protoo-socket';

/** Longer than any hitch of a busy machine: who answers late is taken for one who does not. */
const PING_INTERVAL_MS = 1_500;
/** Long enough to come back within it. */
const GRACE_MS = 5_000;

describe('a gateway with clients whose networks or programs stand still', () => {
  let fleet: TestNodes;
  let proxy: TcpProxy;

  beforeAll(async () => {
    fleet = await TestNodes.start({
      env: {
        FLEET_PING_INTERVAL_MS: String(PING_INTERVAL_MS),
        FLEET_RESUME_GRACE_MS: String(GRACE_MS),
        FLEET_MAX_MESSAGES_BURST: '100000',
        FLEET_MAX_MESSAGES_PER_SECOND: '100000',
      },
    });
    proxy = await TcpProxy.to();
    proxy.retarget(`tcp://127.0.0.1:${fleet.node(0).httpPort}`);
  });

  afterAll(async () => {
    await fleet.close();
    await proxy.close();
  });

  afterEach(() => proxy.unstall());

  const peersOf = (roomId: string) =>
    fleet
      .node(0)
      .parts.media.describeRoom(roomId)
      .peers.map(({ peerId }) => peerId);

  test('half-open: noticed by its silence; the session waits its grace, an old client has left', async () => {
    const roomId = 'half-open';
    const witness = await ProtooSocket.connect({ url: fleet.url(0), roomId, peerId: 'witness' });
    await witness.request('getRouterRtpCapabilities');
    const stalled = `ws://${proxy.address}`;
    const { client: lost, session } = await ProtooSocket.open({ url: stalled, roomId, peerId: 'resumable' });
    const old = await ProtooSocket.connect({ url: stalled, roomId, peerId: 'old' });
    await Promise.all([lost, old].map((client) => client.request('getRouterRtpCapabilities')));

    proxy.stall();

    await eventually(() => !peersOf(roomId).includes('old'), { intervalMs: 10 });
    expect(peersOf(roomId)).toContain('resumable');
    expect(fleet.node(0).parts.gateway.connectionCount).toBe(1);
    const { client: back, session: resumed } = await ProtooSocket.open({
      url: fleet.url(0),
      roomId,
      peerId: 'resumable',
      query: { resumeToken: session.resumeToken, lastSeq: String(Math.max(0, ...lost.seqs)) },
    });
    expect(resumed.sessionId).toBe(session.sessionId);
    // One that answers its pings is left alone for as long as it likes.
    expect(witness.closed).toBeUndefined();
    back.close();
    witness.close();
  });

  test('half-open, and does not come back: gone when its grace is over', async () => {
    const roomId = 'gone';
    const witness = await ProtooSocket.connect({ url: fleet.url(0), roomId, peerId: 'witness' });
    await witness.request('getRouterRtpCapabilities');
    const { client } = await ProtooSocket.open({ url: `ws://${proxy.address}`, roomId, peerId: 'lost' });
    await client.request('getRouterRtpCapabilities');
    proxy.stall();
    await eventually(() => !peersOf(roomId).includes('lost'));
    expect(witness.closed).toBeUndefined();
    witness.close();
  });

  test('one that asks and never reads is cut off at a bound, and nobody else notices', async () => {
    const roomId = 'unread';
    const witness = await ProtooSocket.connect({ url: fleet.url(0), roomId, peerId: 'witness' });
    await witness.request('getRouterRtpCapabilities');
    const heapBefore = process.memoryUsage().heapUsed + process.memoryUsage().external;
    const socket = connect(fleet.node(0).httpPort, '127.0.0.1');
    socket.on('error', () => undefined);
    let closed = false;
    socket.on('close', () => (closed = true));
    socket.write(
      `GET /?roomId=${roomId}&peerId=greedy HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n` +
        'Sec-WebSocket-Protocol: protoo\r\n\r\n',
    );
    socket.pause();
    await eventually(() => peersOf(roomId).includes('greedy'));

    let id = 0;
    await eventually(
      async () => {
        // An answer has about 4 KiB: 500 of them are 2 MiB that nobody reads. A pong keeps the keepalive quiet.
        for (let i = 0; i < 500; i += 1) socket.write(request((id += 1)));
        socket.write(frame(0x8a, Buffer.alloc(0)));
        expect(await witness.request('getRouterRtpCapabilities')).toMatchObject({ ok: true });
        return !peersOf(roomId).includes('greedy');
      },
      { intervalMs: 10 },
    );

    expect(witness.closed).toBeUndefined();
    const heapGrown = process.memoryUsage().heapUsed + process.memoryUsage().external - heapBefore;
    expect(heapGrown).toBeLessThan(150 * 1024 * 1024);
    socket.resume();
    await eventually(() => closed);
    witness.close();
  });
});

function request(id: number): Buffer {
  return frame(0x81, Buffer.from(JSON.stringify({ request: true, id, method: 'getRouterRtpCapabilities' })));
}

/** A client's frame with a mask of zeros (RFC 6455 §5.2). */
function frame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
