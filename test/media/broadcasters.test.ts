import { createSocket, type Socket } from 'node:dgram';
import { RtpHeader, RtpPacket } from 'werift';
import type { FastifyInstance } from 'fastify';
import { FleetError } from '../../core/errors';
import { broadcasterRoutes } from '../../node-app/http/broadcaster-routes';
import { createHttpApp } from '../../node-app/http/http-app';
import type { MediaNode } from '../../node-app/media/media-node';
import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { anyArray, anyNumber, anyString, containing } from '../helpers/matchers';
import { startMediaNode, testLogger } from '../helpers/media-node';
import { OPUS_PAYLOAD_TYPE, opusParameters, sendOpus } from '../../local/load/rtp-streams';

let node: MediaNode;
let app: FastifyInstance;
let origin: string;
let viewer: DemoClient;
const sockets: Socket[] = [];

beforeEach(async () => {
  ({ node } = await startMediaNode());
  app = createHttpApp({ logger: testLogger });
  await app.register(broadcasterRoutes, {
    broadcasters: node,
    authorize: (request) => {
      if (request.headers.authorization === 'Bearer wrong') throw new FleetError('FLEET_ERR_TOKEN_INVALID');
    },
  });
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  viewer = await DemoClient.join(node, { peerId: 'viewer', generation: 'legacy' });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await app.close();
  node.close();
});

type Answer = Record<string, unknown>;

async function call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) {
  const answer = await fetch(`${origin}/rooms/room${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    location: answer.headers.get('location'),
    body: (text === '' ? {} : JSON.parse(text)) as Answer,
  };
}

const ssrc = 1111;
const rtpParameters = {
  codecs: [
    {
      mimeType: 'audio/opus',
      payloadType: OPUS_PAYLOAD_TYPE,
      clockRate: 48_000,
      channels: 2,
      parameters: { 'sprop-stereo': 1 },
    },
  ],
  encodings: [{ ssrc }],
};

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}

/** As ffmpeg sends: plain RTP over UDP. */
function sendPlainOpus(socket: Socket, port: number): NodeJS.Timeout {
  let sequenceNumber = 0;
  return setInterval(() => {
    sequenceNumber += 1;
    const timestamp = sequenceNumber * 960;
    const header = new RtpHeader({
      version: 2,
      payloadType: OPUS_PAYLOAD_TYPE,
      sequenceNumber,
      timestamp,
      ssrc,
      marker: true,
    });
    socket.send(new RtpPacket(header, Buffer.alloc(80, 7)).serialize(), port, '127.0.0.1');
  }, 20);
}

test('the older scripts’ way: create, plain transport, produce; packets reach the room', async () => {
  expect((await call('GET', '')).body).toMatchObject({ codecs: anyArray, headerExtensions: anyArray });
  const created = await call('POST', '/broadcasters', {
    id: 'ffmpeg',
    displayName: 'Broadcaster',
    device: { name: 'FFmpeg' },
    rtpCapabilities: viewer.capabilities,
  });
  expect(created).toMatchObject({
    status: 200,
    body: { peers: [containing({ id: 'viewer', producers: [] })] },
  });
  expect(viewer.peer.notifications('newPeer')).toEqual([
    containing({ id: 'ffmpeg', displayName: 'Broadcaster' }),
  ]);

  const path = '/broadcasters/ffmpeg/transports';
  const transport = await call('POST', path, { type: 'plain', rtcpMux: false, comedia: true });
  expect(transport).toMatchObject({
    status: 200,
    body: { id: anyString, ip: '127.0.0.1', port: anyNumber, rtcpPort: anyNumber },
  });
  const producer = await call('POST', `${path}/${String(transport.body.id)}/producers`, {
    kind: 'audio',
    rtpParameters,
  });
  expect(producer).toMatchObject({ status: 200, body: { id: anyString } });

  const receiver = await viewer.connectMedia(viewer.receiveTransport);
  const timer = sendPlainOpus(await bind(), transport.body.port as number);
  try {
    const consumer = await eventually(() => viewer.consumers()[0]);
    expect(consumer).toMatchObject({ peerId: 'ffmpeg', kind: 'audio' });
    await eventually(() => receiver.packets > 20);
  } finally {
    clearInterval(timer);
    await receiver.close();
  }

  expect((await call('DELETE', '/broadcasters/ffmpeg')).status).toBe(204);
  expect(viewer.peer.notifications('peerClosed')).toEqual([{ peerId: 'ffmpeg' }]);
  await eventually(() => viewer.peer.notifications('consumerClosed').length === 1);
});

test('the newer scripts’ way: create, transport, join, consume, resume; packets reach the receiver', async () => {
  const source = await viewer.connectMedia(viewer.sendTransport);
  const producerId = await viewer.produce('audio', opusParameters(5001));
  const created = await call('POST', '/broadcasters', {
    peerId: 'recorder',
    displayName: 'Recorder',
    device: { name: 'FFmpeg', flag: 'ffmpeg' },
  });
  expect(created).toMatchObject({ status: 201, location: '/rooms/room/broadcasters/recorder' });
  expect(viewer.peer.notifications('newPeer')).toEqual([]);

  const path = '/broadcasters/recorder';
  const transport = await call('POST', `${path}/transports`, {
    direction: 'consumer',
    comedia: false,
    rtcpMux: true,
  });
  const transportId = String(transport.body.transportId);
  const socket = await bind();
  let received = 0;
  socket.on('message', () => (received += 1));
  const connect = { ip: '127.0.0.1', port: socket.address().port };
  expect((await call('POST', `${path}/transports/${transportId}/connect`, connect)).status).toBe(200);

  const consumerOptions = { transportId, producerId, paused: true, rtpCapabilities: viewer.capabilities };
  expect(await call('POST', `${path}/consumers`, consumerOptions)).toMatchObject({
    status: 409,
    body: { code: 'FLEET_ERR_NOT_JOINED' },
  });
  expect((await call('POST', `${path}/join`)).status).toBe(200);
  expect(viewer.peer.notifications('newPeer')).toEqual([containing({ id: 'recorder' })]);
  expect((await call('GET', `${path}/peerProducersInfos`)).body).toEqual({
    peerProducersInfos: [
      { peerId: 'viewer', producers: [containing({ producerId, kind: 'audio', source: 'audio' })] },
    ],
  });
  const consumer = await call('POST', `${path}/consumers`, consumerOptions);
  expect(consumer).toMatchObject({ status: 201, body: { consumerId: anyString, kind: 'audio' } });
  const resumed = await call('POST', `${path}/consumers/${String(consumer.body.consumerId)}/resume`);
  expect(resumed.status).toBe(200);

  const stream = sendOpus({ peer: source, ssrc: 5001 });
  try {
    await eventually(() => received > 20);
  } finally {
    stream.stop();
    await source.close();
  }
});

test('data goes both ways over a WebRtcTransport', async () => {
  await call('POST', '/broadcasters', {
    id: 'bot',
    displayName: 'Robot',
    device: { name: 'libmediasoupclient' },
  });
  const path = '/broadcasters/bot/transports';
  const transport = await call('POST', path, {
    type: 'webrtc',
    sctpCapabilities: { numStreams: { OS: 16, MIS: 16 } },
  });
  expect(transport.body).toMatchObject({ id: anyString, iceParameters: {}, sctpParameters: {} });
  const id = String(transport.body.id);
  const produced = await call('POST', `${path}/${id}/produce/data`, {
    label: 'chat',
    protocol: '',
    sctpStreamParameters: { streamId: 0, ordered: true },
    appData: { info: 'my-chat' },
  });
  expect(produced).toMatchObject({ status: 200, body: { id: anyString } });
  await eventually(() => viewer.peer.requests('newDataConsumer').length === 1);
  const dataProducerId = await viewer.produceData('chat');
  const consumed = await call('POST', `${path}/${id}/consume/data`, { dataProducerId });
  expect(consumed).toMatchObject({ status: 200, body: { id: anyString, streamId: anyNumber } });
});

test('what is wrong is answered with a code, and harms nobody', async () => {
  const create = (body: object) => call('POST', '/broadcasters', body);
  expect((await create({})).body.code).toBe('FLEET_ERR_BAD_REQUEST');
  expect((await create({ id: 'x', displayName: '' })).body.code).toBe('FLEET_ERR_BAD_REQUEST');
  expect((await create({ id: 'viewer', displayName: 'Thief' })).body.code).toBe('FLEET_ERR_PEER_EXISTS');
  expect((await call('POST', '/broadcasters/nobody/transports', {})).body.code).toBe('FLEET_ERR_NOT_FOUND');
  expect((await call('DELETE', '/broadcasters/nobody')).status).toBe(404);
  const elsewhere = await fetch(`${origin}/rooms/elsewhere`);
  expect(elsewhere.status).toBe(404);
  const refused = await fetch(`${origin}/rooms/room`, { headers: { authorization: 'Bearer wrong' } });
  expect(refused.status).toBe(401);

  await create({ id: 'x', displayName: 'X' });
  const path = '/broadcasters/x/transports';
  const foreign = String(viewer.sendTransport?.id);
  const stolen = await call('POST', `${path}/${foreign}/producers`, { kind: 'audio', rtpParameters });
  expect(stolen.body.code).toBe('FLEET_ERR_NOT_FOUND');
  const transport = await call('POST', path, { type: 'plain', comedia: false });
  const connect = `${path}/${String(transport.body.id)}/connect`;
  expect((await call('POST', connect, { ip: 'no address', port: 1 })).body.code).toBe(
    'FLEET_ERR_BAD_REQUEST',
  );
  expect((await call('POST', connect, { ip: '127.0.0.1' })).body.code).toBe('FLEET_ERR_BAD_REQUEST');
  for (let i = 0; i < 5; i += 1) await call('POST', path, {});
  expect((await call('POST', path, {})).body.code).toBe('FLEET_ERR_LIMIT_EXCEEDED');
  expect(viewer.peer.closedWith).toBeUndefined();
});

test('a broadcaster ends with its room and keeps none open', async () => {
  await call('POST', '/broadcasters', { id: 'ffmpeg', displayName: 'Broadcaster' });
  await call('POST', '/broadcasters/ffmpeg/transports', {});
  viewer.peer.leave();
  expect(node.listRooms()).toEqual([]);
  await eventually(async () => (await node.dumpWorkers()).every(({ routerIds }) => routerIds.length === 0));
});
