import { eventually } from '../helpers/eventually';
import { TestNodes } from '../helpers/fleet-node';
import { opusParameters } from '../../local/load/rtp-streams';
import { SignallingPeer } from '../helpers/signalling-peer';

const A = 0;
const B = 1;

/** A front port takes broadcasters' requests to any gateway, each request to another. */
describe("broadcasters' routes of a gateway that does not hold the room", () => {
  let fleet: TestNodes;

  beforeAll(async () => {
    fleet = await TestNodes.start({ count: 2 });
    await fleet.onlyPlaceOn(B);
  });

  afterAll(() => fleet.close());

  async function call(gateway: number, method: string, path: string, body?: string) {
    const answer = await fetch(`http://127.0.0.1:${fleet.node(gateway).httpPort}/rooms/${path}`, {
      method,
      ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as { id?: string; code?: string };
    return { status: answer.status, body: parsed };
  }

  const send = (gateway: number, path: string, body: object) =>
    call(gateway, 'POST', path, JSON.stringify(body));

  test('reach it: what is sent through one gateway is heard through the other', async () => {
    const roomId = 'stage';
    const viewer = await SignallingPeer.connect({ url: fleet.url(A), roomId, peerId: 'viewer' });
    await viewer.join({ publish: false });
    expect((await call(A, 'GET', roomId)).body).toMatchObject({ codecs: expect.any(Array) as unknown });

    const broadcaster = { id: 'ffmpeg', displayName: 'Broadcaster', device: { name: 'FFmpeg' } };
    expect((await send(A, `${roomId}/broadcasters`, broadcaster)).status).toBe(200);
    const transports = `${roomId}/broadcasters/ffmpeg/transports`;
    const transport = await send(B, transports, { type: 'plain', rtcpMux: false, comedia: true });
    const produced = await send(A, `${transports}/${transport.body.id}/producers`, {
      kind: 'audio',
      rtpParameters: opusParameters(77),
    });
    expect(produced.status).toBe(200);
    await eventually(() => viewer.consumers.length === 1);
    expect(viewer.consumers).toMatchObject([{ peerId: 'ffmpeg', kind: 'audio' }]);

    expect((await call(A, 'DELETE', `${roomId}/broadcasters/ffmpeg`)).status).toBe(204);
    await eventually(() => viewer.notifications.some(({ method }) => method === 'peerClosed'));
    await viewer.close();
  });

  test.each([
    ['a room that is nowhere', 'nowhere/broadcasters', '{"id":"b","displayName":"B","device":{}}', 404],
    ['long nonsense', 'errors/broadcasters', JSON.stringify({ id: 'x'.repeat(60_000) }), 400],
    [
      'JSON too deep to be passed on',
      'errors/broadcasters',
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      400,
    ],
    ['prototype keys', 'errors/broadcasters', '{"__proto__":{"joins":true},"id":"b"}', 400],
  ])(
    'answer %s with an error, and the link with everybody’s sessions stays',
    async (_case, path, body, status) => {
      const roomId = 'errors';
      const viewer = await SignallingPeer.connect({ url: fleet.url(A), roomId, peerId: 'viewer' });
      await viewer.join({ publish: false });
      const link = fleet.node(A).parts.hub.find('node-b');

      expect((await call(A, 'POST', path, body)).status).toBe(status);

      expect(link?.closed).toBe(false);
      expect(fleet.node(A).parts.hub.find('node-b')).toBe(link);
      expect(viewer.closed).toBeUndefined();
      await viewer.close();
    },
  );
});
