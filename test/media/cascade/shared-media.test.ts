import { isDeepStrictEqual } from 'node:util';
import type { types } from 'mediasoup';
import type { RtpPeer } from '../../../local/load/rtp-peer';
import {
  opusParameters,
  sendOpus,
  sendVp8,
  vp8Parameters,
  type RunningStream,
} from '../../../local/load/rtp-streams';
import { DemoClient } from '../../helpers/demo-client';
import { eventually } from '../../helpers/eventually';
import { SharedNodes } from '../../helpers/shared-nodes';

/** So little that a worker takes one peer of a room for three, as in workers.test.ts. */
const TWO_WORKERS = { workers: 2, heardSpeakers: 0, capacity: { egressBps: 1e9, packetsPerSecond: 2 * 400 } };
const EXPECTED_PEERS = 4;

let nodes: SharedNodes;
let idle: number[][];
const streams: RunningStream[] = [];
const mediaPeers: RtpPeer[] = [];

async function start(count: number, media: Parameters<typeof SharedNodes.start>[1] = {}): Promise<void> {
  nodes = await SharedNodes.start(count, media);
  idle = await entities();
}

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.stop();
  await Promise.all(mediaPeers.splice(0).map((peer) => peer.close()));
  nodes.close();
});

/** What each worker of each node holds. */
const entities = () =>
  Promise.all(
    nodes.members.map(async ({ node }) => (await node.dumpWorkers()).map((dump) => dump.entities).sort()),
  );

function join(on: number, peerId: string, seq = 1): Promise<DemoClient> {
  return DemoClient.join(nodes.port(on), {
    peerId,
    generation: 'current',
    claim: { seq, expectedPeers: EXPECTED_PEERS, reserved: { egressBps: 1_000, packetsPerSecond: 1 } },
  });
}

async function media(client: DemoClient, direction: 'send' | 'receive'): Promise<RtpPeer> {
  const peer = await client.connectMedia(
    direction === 'send' ? client.sendTransport : client.receiveTransport,
  );
  mediaPeers.push(peer);
  return peer;
}

function run(stream: RunningStream): RunningStream {
  streams.push(stream);
  return stream;
}

const ssrcOf = ({ rtpParameters }: { rtpParameters: types.RtpParameters }) =>
  rtpParameters.encodings?.[0]?.ssrc ?? 0;

/** Packets of all that a client consumes have arrived, of so many producers. */
async function receivesAll(client: DemoClient, to: RtpPeer, producers: number): Promise<void> {
  await eventually(() => client.consumers().length === producers);
  const before = new Map(to.packetsBySsrc);
  await eventually(() =>
    client
      .consumers()
      .every((one) => (to.packetsBySsrc.get(ssrcOf(one)) ?? 0) > (before.get(ssrcOf(one)) ?? 0) + 5),
  );
}

test('on three nodes of two workers all see and hear all, each stream crosses once, and nothing is left', async () => {
  await start(3, TWO_WORKERS);
  const clients: DemoClient[] = [];
  for (const [index, peerId] of ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'].entries()) {
    clients.push(await join(Math.floor(index / 2), peerId));
  }
  for (const [index, client] of clients.entries()) {
    const from = await media(client, 'send');
    await client.produce('audio', opusParameters(100 + index));
    run(sendOpus({ peer: from, ssrc: 100 + index }));
    await client.produce('video', vp8Parameters([200 + index]));
    run(sendVp8({ peer: from, ssrc: 200 + index }));
  }
  const received = await Promise.all(clients.map((client) => media(client, 'receive')));
  await Promise.all(clients.map((client, index) => receivesAll(client, received[index] as RtpPeer, 10)));
  // The same streams under the same ids for everybody, whichever node serves them.
  const idsSeenBy = (client: DemoClient) => client.consumers().map(({ producerId }) => producerId);
  expect(new Set(clients.flatMap(idsSeenBy)).size).toBe(12);
  // Two peers here watch each of the four streams of the other nodes: it came to this node once.
  const details = nodes.node(0).describeRoom('room');
  const fromOthers = (details.pipes ?? []).filter(({ fromNode }) => fromNode && fromNode !== nodes.nodeId(0));
  const pulled = fromOthers.flatMap(({ producers }) => producers.map(({ producerId }) => producerId));
  expect(new Set(pulled).size).toBe(8);
  expect(pulled).toHaveLength(8);

  for (const client of clients) client.peer.leave();
  await eventually(async () => isDeepStrictEqual(await entities(), idle));
}, 120_000);

test('who comes later is offered the same streams in the same places, whichever node serves it', async () => {
  await start(2);
  const seqs = { a: 40, b: 10, c: 30, d: 20 };
  for (const [index, [peerId, seq]] of Object.entries(seqs).entries()) {
    const client = await join(index % 2, peerId, seq);
    await client.produce('video', vp8Parameters([500 + index]));
    await client.produce('audio', opusParameters(600 + index));
  }
  const placesOf = (client: DemoClient) =>
    client.consumers().map(({ peerId, kind, rtpParameters }) => `${rtpParameters.mid} ${peerId} ${kind}`);
  const inOrder = ['b', 'd', 'c', 'a'].flatMap((peerId) => [`${peerId} video`, `${peerId} audio`]);
  for (const on of [0, 1, 0, 1]) {
    const viewer = await join(on, `viewer${on}`, 50);
    await eventually(() => viewer.consumers().length === inOrder.length);
    expect(placesOf(viewer)).toEqual(inOrder.map((what, index) => `${index} ${what}`));
    viewer.peer.leave();
  }
});

test('pauses, closings, data and the floor are the same for those on other nodes', async () => {
  await start(3);
  const [a, b, c] = await Promise.all([join(0, 'a'), join(1, 'b'), join(2, 'c')]);
  const seen = (client: DemoClient, method: string) =>
    eventually(() => client.peer.notifications(method).length === 1);
  const producerId = await c.produce('audio', opusParameters(401));
  for (const client of [a, b]) await eventually(() => client.consumers().length === 1);
  await c.control('pauseProducer', { producerId });
  for (const client of [a, b]) await seen(client, 'consumerPaused');
  await c.control('resumeProducer', { producerId });
  for (const client of [a, b]) await seen(client, 'consumerResumed');

  const fromC = await media(c, 'send');
  const loud = run(sendOpus({ peer: fromC, ssrc: 401, level: 10 }));
  for (const client of [a, b, c]) {
    await eventually(() => client.peer.notifications('activeSpeaker').at(-1)?.peerId === 'c');
  }
  loud.stop();
  for (const client of [a, b, c]) {
    await eventually(() => client.peer.notifications('activeSpeaker').at(-1)?.peerId === undefined);
  }
  await c.control('closeProducer', { producerId });
  for (const client of [a, b]) await seen(client, 'consumerClosed');

  const dataProducerId = await b.produceData('chat', { streamId: 3, ordered: false, maxRetransmits: 2 });
  for (const client of [a, c]) {
    const offer = await eventually(() => client.peer.requests('newDataConsumer')[0]);
    expect(offer).toMatchObject({
      peerId: 'b',
      dataProducerId,
      label: 'chat',
      sctpStreamParameters: { ordered: false, maxRetransmits: 2 },
    });
  }
  b.peer.leave();
  for (const client of [a, c]) await seen(client, 'dataConsumerClosed');
}, 120_000);

test('media between two nodes flows on while the home of their room dies', async () => {
  await start(3);
  await join(0, 'a');
  const [b, c] = [await join(1, 'b'), await join(2, 'c')];
  const from = await media(b, 'send');
  await b.produce('audio', opusParameters(501));
  run(sendOpus({ peer: from, ssrc: 501 }));
  const to = await media(c, 'receive');
  await receivesAll(c, to, 1);
  nodes.kill(0);
  await eventually(() => c.peer.notifications('peerClosed').some(({ peerId }) => peerId === 'a'));
  expect(c.peer.notifications('consumerClosed')).toEqual([]);
  await receivesAll(c, to, 1);
  // And what is new between them gets through, by the new home.
  await b.produce('video', vp8Parameters([502]));
  run(sendVp8({ peer: from, ssrc: 502 }));
  await receivesAll(c, to, 2);
}, 120_000);

test('a node that is cut off for longer than the grace comes back with its peers and streams', async () => {
  await start(2);
  const [a, b] = [await join(0, 'a'), await join(1, 'b')];
  const from = await media(b, 'send');
  await b.produce('audio', opusParameters(601));
  run(sendOpus({ peer: from, ssrc: 601 }));
  const to = await media(a, 'receive');
  await receivesAll(a, to, 1);
  nodes.cut(0, 1);
  await eventually(() => a.peer.notifications('peerClosed').length === 1);
  await eventually(() => a.peer.notifications('consumerClosed').length === 1);
  nodes.heal(0, 1);
  await eventually(() => a.consumers().length === 2);
  const again = a.consumers()[1];
  await eventually(() => (to.packetsBySsrc.get(again === undefined ? 0 : ssrcOf(again)) ?? 0) > 5);
}, 120_000);
