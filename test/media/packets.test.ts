import type { MediaNode } from '../../node-app/media/media-node';
import { DemoClient } from '../helpers/demo-client';
import { eventually } from '../helpers/eventually';
import { anyNumber } from '../helpers/matchers';
import { startMediaNode } from '../helpers/media-node';
import type { RtpPeer } from '../../local/load/rtp-peer';
import {
  opusParameters,
  sendOpus,
  sendVp8,
  vp8Parameters,
  type RunningStream,
} from '../../local/load/rtp-streams';

let node: MediaNode;
const streams: RunningStream[] = [];
const mediaPeers: RtpPeer[] = [];

beforeEach(async () => {
  ({ node } = await startMediaNode());
});

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.stop();
  await Promise.all(mediaPeers.splice(0).map((peer) => peer.close()));
  node.close();
});

const join = (peerId: string, generation: 'legacy' | 'current' = 'current') =>
  DemoClient.join(node, { peerId, generation });

async function sender(client: DemoClient): Promise<RtpPeer> {
  return keep(await client.connectMedia(client.sendTransport));
}

async function receiver(client: DemoClient): Promise<RtpPeer> {
  return keep(await client.connectMedia(client.receiveTransport));
}

function keep(peer: RtpPeer): RtpPeer {
  mediaPeers.push(peer);
  return peer;
}

function run(stream: RunningStream): RunningStream {
  streams.push(stream);
  return stream;
}

async function consumerOf(client: DemoClient) {
  const consumer = await eventually(() => client.consumers()[0]);
  const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc;
  if (ssrc === undefined) throw new Error('the consumer has no ssrc');
  return { ...consumer, ssrc };
}

test('packets reach everybody else, and stop while paused on either side', async () => {
  const alice = await join('alice');
  const bob = await join('bob', 'legacy');
  const [from, to] = await Promise.all([sender(alice), receiver(bob)]);
  const producerId = await alice.produce('audio', opusParameters(5001));
  run(sendOpus({ peer: from, ssrc: 5001 }));
  const { consumerId, ssrc } = await consumerOf(bob);
  const received = () => to.packetsBySsrc.get(ssrc) ?? 0;
  await eventually(() => received() > 20);

  const expectSilence = async () => {
    // What is on its way may still arrive; then a quarter of a second (a dozen packets) brings nothing.
    await eventually(async () => {
      const before = received();
      await new Promise((resolve) => setTimeout(resolve, 250));
      return received() === before;
    });
  };
  alice.peer.notify('pauseProducer', { producerId });
  await expectSilence();
  alice.peer.notify('resumeProducer', { producerId });
  const afterResume = received();
  await eventually(() => received() > afterResume + 10);

  await bob.peer.request('pauseConsumer', { consumerId });
  await expectSilence();
  await bob.peer.request('resumeConsumer', { consumerId });
  const again = received();
  await eventually(() => received() > again + 10);
});

test('a client that pauses a consumer while accepting it gets nothing', async () => {
  const alice = await join('alice');
  const from = await sender(alice);
  await alice.produce('audio', opusParameters(5101));
  run(sendOpus({ peer: from, ssrc: 5101 }));

  const bob: DemoClient = await DemoClient.open(node, {
    peerId: 'bob',
    generation: 'legacy',
    onRequest: (method, data) => {
      if (method === 'newConsumer') void bob.peer.request('pauseConsumer', { consumerId: data.id });
      return {};
    },
  });
  await bob.enter();
  const to = await receiver(bob);
  const { consumerId } = await consumerOf(bob);
  await eventually(async () => {
    const stats = (await bob.peer.request<{ type: string }[]>('getConsumerStats', { consumerId })) ?? [];
    return stats.length > 0;
  });
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(to.packets).toBe(0);
});

test('simulcast layers switch by request, and the client is told', async () => {
  const alice = await join('alice');
  const bob = await join('bob');
  const [from, to] = await Promise.all([sender(alice), receiver(bob)]);
  const ssrcs = [6001, 6002, 6003];
  await alice.produce('video', vp8Parameters(ssrcs));
  // Bytes per packet tell the layers apart at the receiver.
  const sizes = [200, 500, 1_000];
  ssrcs.forEach((ssrc, index) => run(sendVp8({ peer: from, ssrc, payloadBytes: sizes[index] })));
  const { consumerId } = await consumerOf(bob);
  let lastSize = 0;
  to.onPacket((packet) => {
    if (packet.payload.length > 100) lastSize = packet.payload.length;
  });

  const currentLayer = () => {
    const last = bob.peer.notifications('consumerLayersChanged').at(-1);
    return (last?.layers as { spatialLayer?: number } | undefined)?.spatialLayer;
  };
  await eventually(() => currentLayer() === 2);
  await eventually(() => lastSize === 1_000);

  bob.peer.notify('setConsumerPreferredLayers', { consumerId, spatialLayer: 0 });
  await eventually(() => currentLayer() === 0);
  await eventually(() => lastSize === 200);
});

test('each generation learns who speaks in its own way', async () => {
  const alice = await join('alice');
  const bob = await join('bob', 'current');
  const old = await join('old', 'legacy');
  const from = await sender(alice);
  await alice.produce('audio', opusParameters(7001));
  const loud = run(sendOpus({ peer: from, ssrc: 7001, level: 10 }));

  const volumes = await eventually(() => bob.peer.notifications('speakingPeers')[0]);
  expect(volumes).toEqual({ peerVolumes: [{ peerId: 'alice', volume: anyNumber }] });
  await eventually(() => bob.peer.notifications('activeSpeaker').some(({ peerId }) => peerId === 'alice'));
  await eventually(() =>
    old.peer
      .notifications('activeSpeaker')
      .some(({ peerId, volume }) => peerId === 'alice' && volume !== undefined),
  );
  expect(old.peer.notifications('speakingPeers')).toEqual([]);

  loud.stop();
  await eventually(() => old.peer.notifications('activeSpeaker').at(-1)?.peerId === null);
  expect(bob.peer.notifications('speakingPeers').at(-1)).toEqual({ peerVolumes: [] });
  expect(bob.peer.notifications('activeSpeaker').at(-1)).toEqual({});

  // mediasoup still takes alice for the dominant speaker and says nothing new.
  run(sendOpus({ peer: from, ssrc: 7001, level: 10 }));
  await eventually(() => bob.peer.notifications('activeSpeaker').at(-1)?.peerId === 'alice');
});

test('who comes while somebody speaks learns who it is', async () => {
  const alice = await join('alice');
  const bob = await join('bob');
  const from = await sender(alice);
  await alice.produce('audio', opusParameters(7101));
  run(sendOpus({ peer: from, ssrc: 7101, level: 10 }));
  await eventually(() => bob.peer.notifications('activeSpeaker').at(-1)?.peerId === 'alice');

  const late = await join('late');
  expect(late.peer.notifications('activeSpeaker')).toEqual([]);
  await eventually(() => late.peer.notifications('activeSpeaker').length > 0);
  expect(late.peer.notifications('speakingPeers')[0]).toEqual({
    peerVolumes: [{ peerId: 'alice', volume: anyNumber }],
  });
  expect(late.peer.notifications('activeSpeaker')[0]).toEqual({ peerId: 'alice' });
  const old = await join('old', 'legacy');
  await eventually(() => old.peer.notifications('activeSpeaker').length > 0);
  expect(old.peer.notifications('activeSpeaker')[0]).toEqual({ peerId: 'alice', volume: anyNumber });
});

test('the older generation learns its downlink estimate, once a second at most', async () => {
  const alice = await join('alice');
  const old = await join('old', 'legacy');
  const current = await join('current');
  const [from] = await Promise.all([sender(alice), receiver(old), receiver(current)]);
  await alice.produce('video', vp8Parameters([7201]));
  run(sendVp8({ peer: from, ssrc: 7201, payloadBytes: 1_000, packetsPerFrame: 4 }));

  await eventually(() => old.peer.notifications('downlinkBwe').length >= 2);
  for (const estimate of old.peer.notifications('downlinkBwe')) {
    expect(estimate).toEqual({
      desiredBitrate: anyNumber,
      effectiveDesiredBitrate: anyNumber,
      availableBitrate: anyNumber,
    });
    expect(estimate.availableBitrate).toBeGreaterThan(0);
  }
  expect(current.peer.notifications('downlinkBwe')).toEqual([]);
});

test('the meter says what a room sends, in bytes and in packets', async () => {
  const alice = await join('alice');
  const viewers = [await join('bob'), await join('carol')];
  const from = await sender(alice);
  const received = await Promise.all(viewers.map(receiver));
  await alice.produce('video', vp8Parameters([8001]));
  run(sendVp8({ peer: from, ssrc: 8001, payloadBytes: 1_000, packetsPerFrame: 4 }));
  await eventually(() => received.every((peer) => peer.packets > 100));

  // What really arrives, over a window of its own; another one when the machine hitched in one of the two.
  const { arrived, measured } = await eventually(async () => {
    const before = { atMs: performance.now(), packets: received.map(({ packets }) => packets) };
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const seconds = (performance.now() - before.atMs) / 1_000;
    const all = received.reduce((sum, { packets }, i) => sum + packets - (before.packets[i] ?? 0), 0);
    const window = { arrived: all / seconds, measured: node.measured() };
    const ratio = window.measured.packetsPerSecond / window.arrived;
    return ratio > 0.8 && ratio < 1.2 && window;
  });
  // 1,000 bytes of payload, 12 of RTP header, about 16 of SRTP, 28 of IP and UDP.
  expect(measured.egressBps).toBeGreaterThan(arrived * 1_056 * 8 * 0.8);
  expect(measured.egressBps).toBeLessThan(arrived * 1_056 * 8 * 1.2);
  expect(node.describeRoom('room').egressBps).toBe(measured.egressBps);
  expect(node.committed().egressBps).toBeGreaterThanOrEqual(measured.egressBps * 0.99);

  for (const stream of streams) stream.stop();
  await eventually(() => node.measured().packetsPerSecond < 20);
});
