import * as mediasoup from 'mediasoup';
import type { MediaNode } from '../../node-app/media/media-node';
import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { anyArray, anyString, containing } from '../helpers/matchers';
import { startMediaNode } from '../helpers/media-node';
import { opusParameters, vp8Parameters } from '../../local/load/rtp-streams';
import { TestPeer } from '../helpers/test-peer';

let node: MediaNode;
let room = 0;

beforeAll(async () => {
  ({ node } = await startMediaNode());
});

afterAll(() => node.close());

beforeEach(() => {
  room += 1;
});

const roomId = () => `room-${room}`;
const join = (peerId: string, generation: 'legacy' | 'current') =>
  DemoClient.join(node, { roomId: roomId(), peerId, generation });

describe('the older generation', () => {
  test('a client joins, publishes and receives', async () => {
    const alice = await join('alice', 'legacy');
    const producerId = await alice.produce('audio', opusParameters(1001));

    const bob = await DemoClient.open(node, { roomId: roomId(), peerId: 'bob', generation: 'legacy' });
    const joined = await bob.enter();

    const device = { flag: 'chrome', name: 'Chrome', version: '156.0' };
    expect(joined).toEqual({ peers: [{ id: 'alice', displayName: 'I am alice', device }] });
    expect(alice.peer.notifications('newPeer')).toEqual([{ id: 'bob', displayName: 'I am bob', device }]);
    const [newConsumer] = await eventually(() => nonEmpty(bob.peer.requests('newConsumer')));
    expect(newConsumer).toEqual({
      peerId: 'alice',
      producerId,
      id: anyString,
      kind: 'audio',
      rtpParameters: containing({ codecs: anyArray }),
      type: 'simple',
      appData: { peerId: 'alice', source: 'audio' },
      producerPaused: false,
    });
    await eventually(() => bob.peer.notifications('consumerScore').length > 0);
  });

  test('closings and pauses are requests and reach the others', async () => {
    const alice = await join('alice', 'legacy');
    const bob = await join('bob', 'legacy');
    const producerId = await alice.produce('video', vp8Parameters([1101]));
    const consumer = await eventually(() => bob.consumers()[0]);
    const { consumerId } = consumer;

    await alice.peer.request('pauseProducer', { producerId });
    await eventually(() => bob.peer.notifications('consumerPaused').length === 1);
    await alice.peer.request('resumeProducer', { producerId });
    await eventually(() => bob.peer.notifications('consumerResumed').length === 1);
    await bob.peer.request('pauseConsumer', { consumerId });
    await bob.peer.request('resumeConsumer', { consumerId });
    await bob.peer.request('setConsumerPreferredLayers', {
      consumerId,
      spatialLayer: 1,
      temporalLayer: null,
    });
    await bob.peer.request('setConsumerPriority', { consumerId, priority: 2 });
    await bob.peer.request('requestConsumerKeyFrame', { consumerId });
    await bob.peer.request('changeDisplayName', { displayName: 'Bobby' });
    expect(alice.peer.notifications('peerDisplayNameChanged')).toEqual([
      { peerId: 'bob', displayName: 'Bobby', oldDisplayName: 'I am bob' },
    ]);
    await alice.peer.request('closeProducer', { producerId });
    await eventually(() => bob.peer.notifications('consumerClosed').length === 1);
    expect(bob.peer.notifications('consumerClosed')).toEqual([{ consumerId }]);

    bob.peer.leave();
    expect(alice.peer.notifications('peerClosed')).toEqual([{ peerId: 'bob' }]);
  });

  test('statistics and ICE parameters come bare', async () => {
    const alice = await join('alice', 'legacy');
    const transportId = alice.sendTransport?.id;
    const producerId = await alice.produce('audio', opusParameters(1201));
    const dataProducerId = await alice.produceData('chat');

    expect(await alice.peer.request('getTransportStats', { transportId })).toEqual([
      containing({ transportId }),
    ]);
    expect(await alice.peer.request('getProducerStats', { producerId })).toEqual(anyArray);
    expect(await alice.peer.request('getDataProducerStats', { dataProducerId })).toEqual([
      containing({ label: 'chat' }),
    ]);
    expect(await alice.peer.request('restartIce', { transportId })).toEqual({
      usernameFragment: anyString,
      password: anyString,
      iceLite: true,
    });
  });

  test('learns the version of mediasoup under its own name for it', async () => {
    const alice = await join('alice', 'legacy');
    expect(alice.peer.notifications('mediasoup-version')).toEqual([{ version: mediasoup.version }]);
    expect(alice.peer.notifications('mediasoupVersion')).toEqual([]);
  });

  test('a native client that sends an empty string for "no data channels" gets none', async () => {
    const peer = await TestPeer.open(node, { roomId: roomId(), peerId: 'android' });
    const transport = await peer.request('createWebRtcTransport', {
      forceTcp: false,
      producing: true,
      consuming: false,
      sctpCapabilities: '',
    });
    expect(transport.sctpParameters).toBeUndefined();
  });
});

describe('the current generation', () => {
  test('a client joins, publishes and receives', async () => {
    const alice = await join('alice', 'current');
    const producerId = await alice.produce('video', vp8Parameters([2001, 2002, 2003]));

    const bob = await DemoClient.open(node, { roomId: roomId(), peerId: 'bob', generation: 'current' });
    expect(await bob.peer.request('getRtcStatsUrl')).toEqual({});
    const joined = await bob.enter();

    const device = { flag: 'chrome', name: 'Chrome', version: '156.0' };
    const known = { device, remoteAddress: '' };
    expect(joined).toEqual({ peers: [{ peerId: 'alice', displayName: 'I am alice', ...known }] });
    expect(alice.peer.notifications('newPeer')).toEqual([
      { peer: { peerId: 'bob', displayName: 'I am bob', ...known } },
    ]);
    const [newConsumer] = await eventually(() => nonEmpty(bob.peer.requests('newConsumer')));
    expect(newConsumer).toEqual({
      peerId: 'alice',
      transportId: bob.receiveTransport?.id,
      consumerId: anyString,
      producerId,
      kind: 'video',
      rtpParameters: containing({ codecs: anyArray }),
      type: 'simulcast',
      producerPaused: false,
      consumerScore: containing({ producerScores: anyArray }),
      appData: { peerId: 'alice', source: 'video' },
    });
    expect(bob.peer.notifications('mediasoupVersion')).toEqual([{ version: mediasoup.version }]);
  });

  test('closings and pauses are notifications and reach the others', async () => {
    const alice = await join('alice', 'current');
    const bob = await join('bob', 'current');
    const producerId = await alice.produce('video', vp8Parameters([2101]));
    const { consumerId } = await eventually(() => bob.consumers()[0]);

    alice.peer.notify('pauseProducer', { producerId });
    await eventually(() => bob.peer.notifications('consumerPaused').length === 1);
    alice.peer.notify('resumeProducer', { producerId });
    await eventually(() => bob.peer.notifications('consumerResumed').length === 1);
    bob.peer.notify('setConsumerPreferredLayers', { consumerId, spatialLayer: 0 });
    bob.peer.notify('setConsumerPriority', { consumerId, priority: 3 });
    bob.peer.notify('requestConsumerKeyFrame', { consumerId });
    bob.peer.notify('changeDisplayName', { displayName: 'Bobby' });
    await eventually(() => alice.peer.notifications('peerDisplayNameChanged').length === 1);
    alice.peer.notify('closeProducer', { producerId });
    await eventually(() => bob.peer.notifications('consumerClosed').length === 1);
    expect(bob.peer.notifications('consumerClosed')).toEqual([{ consumerId }]);
  });

  test('statistics and ICE parameters come wrapped', async () => {
    const alice = await join('alice', 'current');
    const transportId = alice.sendTransport?.id;
    const bob = await join('bob', 'current');
    await alice.produce('audio', opusParameters(2201));
    const { consumerId } = await eventually(() => bob.consumers()[0]);

    expect(await alice.peer.request('getTransportStats', { transportId })).toEqual({
      stats: [containing({ transportId })],
    });
    expect(await bob.peer.request('getConsumerStats', { consumerId })).toEqual({ stats: anyArray });
    expect(await alice.peer.request('restartIce', { transportId })).toEqual({
      iceParameters: containing({ usernameFragment: anyString }),
    });
  });
});

describe('generations in one room', () => {
  test('see, hear and read each other, each in its own words', async () => {
    const old = await join('old', 'legacy');
    const young = await join('young', 'current');
    await old.produce('audio', opusParameters(3001));
    await young.produce('video', vp8Parameters([3002]));
    await old.produceData('chat');
    await young.produceData('chat', { ordered: false, maxRetransmits: 1 });

    const [toYoung] = await eventually(() => nonEmpty(young.peer.requests('newConsumer')));
    const [toOld] = await eventually(() => nonEmpty(old.peer.requests('newConsumer')));
    expect(toYoung).toMatchObject({
      peerId: 'old',
      consumerId: anyString,
      appData: { source: 'audio' },
    });
    expect(toYoung).not.toHaveProperty('id');
    expect(toOld).toMatchObject({ peerId: 'young', id: anyString, kind: 'video' });
    expect(toOld).not.toHaveProperty('consumerId');
    const [dataToYoung] = await eventually(() => nonEmpty(young.peer.requests('newDataConsumer')));
    const [dataToOld] = await eventually(() => nonEmpty(old.peer.requests('newDataConsumer')));
    expect(dataToYoung).toMatchObject({ peerId: 'old', dataConsumerId: anyString, label: 'chat' });
    expect(dataToOld).toMatchObject({
      peerId: 'young',
      id: anyString,
      sctpStreamParameters: { ordered: false, maxRetransmits: 1 },
    });

    young.peer.leave();
    await eventually(() => old.peer.notifications('dataConsumerClosed').length === 1);
    await eventually(() => old.peer.notifications('consumerClosed').length === 1);
    expect(old.peer.notifications('peerClosed')).toEqual([{ peerId: 'young' }]);
  });

  test('a screen share is one for both', async () => {
    const old = await join('old', 'legacy');
    const young = await join('young', 'current');
    await old.peer.request('produce', {
      transportId: old.sendTransport?.id,
      kind: 'video',
      rtpParameters: vp8Parameters([3101]),
      appData: { share: true },
    });
    const [shared] = await eventually(() => nonEmpty(young.peer.requests('newConsumer')));
    expect(shared?.appData).toMatchObject({ source: 'screensharing', share: true, peerId: 'old' });
  });
});

describe('before a client shows its generation', () => {
  test('answers suit both', async () => {
    const peer = await TestPeer.open(node, { roomId: roomId(), peerId: 'p' });
    const answer = await peer.request('getRouterRtpCapabilities');
    expect(answer.codecs).toEqual(anyArray);
    expect(answer.routerRtpCapabilities).toMatchObject({ codecs: answer.codecs });
    await join('other', 'legacy');

    expect(await peer.request('join', { displayName: 'P', device: {} })).toEqual({
      peers: [containing({ id: 'other', peerId: 'other' })],
    });
    await join('third', 'current');
    expect(peer.notifications('newPeer')).toEqual([
      containing({ id: 'third', peer: containing({ peerId: 'third' }) }),
    ]);
  });
});

describe('data channels', () => {
  test('any label but the robot’s reaches the others, with its order and reliability', async () => {
    const alice = await join('alice', 'legacy');
    const bob = await join('bob', 'legacy');
    await alice.produceData('bot', { streamId: 0 });
    await alice.produceData('pointer', { streamId: 1, ordered: false, maxPacketLifeTime: 5_000 });

    const [first] = await eventually(() => nonEmpty(bob.peer.requests('newDataConsumer')));
    expect(first).toMatchObject({
      label: 'pointer',
      sctpStreamParameters: { ordered: false, maxPacketLifeTime: 5_000 },
    });
    expect(bob.peer.requests('newDataConsumer')).toHaveLength(1);
  });
});

describe('capabilities', () => {
  test('abs-capture-time is not negotiated: with it simulcast consumers never switch layers', async () => {
    const uri = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';
    const alice = await join('alice', 'current');
    const offered = alice.capabilities.headerExtensions?.map((extension) => extension.uri);
    expect(offered).not.toContain(uri);
    expect(offered).toContain('urn:ietf:params:rtp-hdrext:sdes:mid');

    // A client that insists doesn't get it either.
    const bob = await DemoClient.open(node, { roomId: roomId(), peerId: 'bob', generation: 'current' });
    const { headerExtensions = [] } = alice.capabilities;
    bob.receiveTransport = await bob.createTransport('consumer');
    await bob.peer.request('join', {
      displayName: 'Bob',
      device: {},
      rtpCapabilities: {
        ...alice.capabilities,
        headerExtensions: [...headerExtensions, { kind: 'video', uri, preferredId: 13 }],
      },
    });
    const rtpParameters = vp8Parameters([4001]);
    await alice.produce('video', { ...rtpParameters, headerExtensions: [{ uri, id: 13 }] as never });
    const consumer = await eventually(() => bob.consumers()[0]);
    expect(consumer.rtpParameters.headerExtensions?.map((extension) => extension.uri)).not.toContain(uri);
  });

  test('the router takes opus, VP8, VP9, H264 and AV1, and asks for a fair start bitrate', async () => {
    const { capabilities } = await join('alice', 'legacy');
    const codecs = capabilities.codecs?.filter(({ mimeType }) => !mimeType.endsWith('/rtx')) ?? [];
    expect([...new Set(codecs.map(({ mimeType }) => mimeType))]).toEqual([
      'audio/opus',
      'video/VP8',
      'video/VP9',
      'video/H264',
      'video/AV1',
    ]);
    const vp8 = codecs.find(({ mimeType }) => mimeType === 'video/VP8');
    expect(vp8?.parameters).toMatchObject({ 'x-google-start-bitrate': 1_000 });
  });
});

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}
