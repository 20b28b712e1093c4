import type { FleetError } from '../../core/errors';
import type { MediaNode } from '../../node-app/media/media-node';
import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { startMediaNode } from '../helpers/media-node';
import { opusParameters, sendOpus, vp8Parameters } from '../../local/load/rtp-streams';

let node: MediaNode;
let victim: DemoClient;
let attacker: DemoClient;
let victimProducer: string;

beforeEach(async () => {
  ({ node } = await startMediaNode());
  victim = await DemoClient.join(node, { peerId: 'victim', generation: 'legacy' });
  victimProducer = await victim.produce('audio', opusParameters(1001));
  attacker = await DemoClient.join(node, { peerId: 'attacker', generation: 'legacy' });
});

afterEach(() => node.close());

async function codeOf(method: string, data: unknown): Promise<string> {
  try {
    await attacker.peer.request(method, data);
    return 'no error';
  } catch (error) {
    return (error as FleetError).code;
  }
}

/** The room and its worker still do all that they did before. */
async function expectUnharmed(): Promise<void> {
  expect(victim.peer.closedWith).toBeUndefined();
  const before = victim.consumers().length;
  const friend = await DemoClient.join(node, { peerId: `friend-${before}`, generation: 'current' });
  await friend.produce('video', vp8Parameters([9_000 + before]));
  await eventually(() => victim.consumers().length > before);
  await eventually(() => friend.consumers().some(({ producerId }) => producerId === victimProducer));
}

const someId = '00000000-0000-0000-0000-000000000000';
const dtlsParameters = { role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }] };

test.each([
  ['no data', undefined],
  ['null', null],
  ['a number', 7],
  ['a list', []],
  [
    'nested nonsense',
    { transportId: { $ne: 1 }, producerId: ['x'], consumerId: 3, kind: {}, displayName: 4 },
  ],
  ['prototype keys', JSON.parse('{"__proto__": {"joined": true}, "constructor": 1}')],
])('%s in every method gets an answer and harms nobody', async (_, data) => {
  const methods = [
    'join',
    'createWebRtcTransport',
    'connectWebRtcTransport',
    'restartIce',
    'produce',
    'closeProducer',
    'pauseProducer',
    'resumeProducer',
    'pauseConsumer',
    'resumeConsumer',
    'setConsumerPreferredLayers',
    'setConsumerPriority',
    'requestConsumerKeyFrame',
    'produceData',
    'changeDisplayName',
    'getTransportStats',
    'getProducerStats',
    'getConsumerStats',
    'getDataProducerStats',
    'getDataConsumerStats',
  ];
  for (const method of methods) {
    const code = await codeOf(method, data);
    if (method !== 'createWebRtcTransport') expect([method, code]).not.toContain('no error');
    expect([method, code]).not.toContain('FLEET_ERR_INTERNAL');
    attacker.peer.notify(method, data);
  }
  await expectUnharmed();
});

test('methods that do not exist, or not in that form, are unknown', async () => {
  for (const method of [
    '',
    'nope',
    'constructor',
    '__proto__',
    'toString',
    'newConsumer',
    'x'.repeat(10_000),
  ]) {
    expect(await codeOf(method, {})).toBe('FLEET_ERR_UNKNOWN_METHOD');
    attacker.peer.notify(method, {});
  }
  attacker.peer.notify('join', {});
  expect(await codeOf('applyNetworkThrottle', { secret: 'x' })).toBe('FLEET_ERR_FORBIDDEN');
  expect(await codeOf('resetNetworkThrottle', { secret: 'x' })).toBe('FLEET_ERR_FORBIDDEN');
  await expectUnharmed();
});

test('another peer’s objects are not there', async () => {
  const transportId = victim.sendTransport?.id;
  await victim.produceData('chat');
  await attacker.produce('audio', opusParameters(2001));
  const consumer = await eventually(() => victim.consumers()[0]);
  const { consumerId } = consumer;
  const attempts: [string, object][] = [
    ['connectWebRtcTransport', { transportId, dtlsParameters }],
    ['restartIce', { transportId }],
    ['produce', { transportId, kind: 'audio', rtpParameters: opusParameters(3001) }],
    ['produceData', { transportId, sctpStreamParameters: { streamId: 3 }, label: 'chat' }],
    ['getTransportStats', { transportId }],
    ['closeProducer', { producerId: victimProducer }],
    ['pauseProducer', { producerId: victimProducer }],
    ['getProducerStats', { producerId: victimProducer }],
    ['pauseConsumer', { consumerId }],
    ['setConsumerPreferredLayers', { consumerId, spatialLayer: 0 }],
    ['getConsumerStats', { consumerId }],
    ['getDataProducerStats', { dataProducerId: someId }],
    ['getDataConsumerStats', { dataConsumerId: someId }],
  ];
  for (const [method, data] of attempts) {
    expect([method, await codeOf(method, data)]).toEqual([method, 'FLEET_ERR_NOT_FOUND']);
    attacker.peer.notify(method, data);
  }
  expect(victim.peer.notifications('consumerPaused')).toEqual([]);
  await expectUnharmed();
});

test('parameters that mediasoup does not take are a bad request, and its channel stays whole', async () => {
  const transportId = attacker.sendTransport?.id;
  const good = opusParameters(4001);
  const bad: unknown[] = [
    { ...good, codecs: [] },
    { ...good, codecs: [{ ...good.codecs[0], mimeType: 'audio/nonsense' }] },
    { ...good, codecs: [{ ...good.codecs[0], payloadType: 4_000 }] },
    { ...good, codecs: [{ ...good.codecs[0], parameters: { x: { y: 1 } } }] },
    { ...good, codecs: [{ ...good.codecs[0], parameters: { x: ['a'] } }] },
    { ...good, encodings: [{ ssrc: 2 ** 40 }] },
    { ...good, encodings: [{ ssrc: -1 }] },
    { ...good, encodings: [{ ssrc: 'x' }] },
    { ...good, headerExtensions: [{ uri: 'urn:no:such:extension', id: 1 }] },
    { ...good, headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 99_999 }] },
    { ...good, rtcp: { cname: 5 } },
    { ...good, mid: 'x'.repeat(1_000) },
  ];
  for (const rtpParameters of bad) {
    const code = await codeOf('produce', { transportId, kind: 'audio', rtpParameters });
    expect([rtpParameters, code]).toEqual([rtpParameters, 'FLEET_ERR_BAD_REQUEST']);
  }
  const produce = (kind: string, rtpParameters: unknown, more: object = {}) =>
    codeOf('produce', { transportId, kind, rtpParameters, ...more });
  expect(await produce('video', good)).toBe('FLEET_ERR_BAD_REQUEST');
  expect(await produce('audio', good, { appData: { big: 'x'.repeat(10_000) } })).toBe(
    'FLEET_ERR_BAD_REQUEST',
  );
  expect(await produce('audio', good)).toBe('no error');
  // The same stream again, as a replay would send it.
  expect(await produce('audio', good)).toBe('FLEET_ERR_BAD_REQUEST');
  const connect = { transportId, dtlsParameters };
  expect(await codeOf('connectWebRtcTransport', { ...connect, dtlsParameters: { fingerprints: [] } })).toBe(
    'FLEET_ERR_BAD_REQUEST',
  );
  expect(await codeOf('connectWebRtcTransport', connect)).toBe('no error');
  expect(await codeOf('connectWebRtcTransport', connect)).toBe('FLEET_ERR_BAD_REQUEST');
  await expectUnharmed();
});

test('ten thousand messages at once leave the others’ packets flowing', async () => {
  const sender = await victim.connectMedia(victim.sendTransport);
  const listener = await DemoClient.join(node, { peerId: 'listener', generation: 'current' });
  const receiver = await listener.connectMedia(listener.receiveTransport);
  const stream = sendOpus({ peer: sender, ssrc: 1001 });
  try {
    await eventually(() => receiver.packets > 10);
    const before = receiver.packets;
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 10_000 }, (_, i) =>
        codeOf(i % 2 === 0 ? 'getTransportStats' : 'produce', { transportId: someId, i }),
      ),
    );
    expect(new Set(answers)).toEqual(new Set(['FLEET_ERR_NOT_FOUND', 'FLEET_ERR_BAD_REQUEST']));
    const expected = (performance.now() - startedAt) / 20;
    await eventually(() => receiver.packets - before >= expected * 0.5);
    await expectUnharmed();
  } finally {
    stream.stop();
    await Promise.all([sender.close(), receiver.close()]);
  }
});
