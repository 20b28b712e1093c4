import { isDeepStrictEqual } from 'node:util';
import * as mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import type { MediaNode } from '../../../node-app/media/media-node';
import { DemoClient } from '../../helpers/demo-client';
import { eventually } from '../../helpers/eventually';
import { startMediaNode, type TestNode } from '../../helpers/media-node';
import type { RtpPeer } from '../../../local/load/rtp-peer';
import {
  opusParameters,
  sendOpus,
  sendVp8,
  vp8Parameters,
  type RunningStream,
} from '../../../local/load/rtp-streams';

/**
 * Nodes of three workers, each of which safely sends so little that it takes two peers of a room for three.
 * The model's demand of a room for four people: 3 × (500 kbit/s ÷ 8,000 bits + 50 packets/s) ≈ 338 packets/s for each.
 */
const WORKERS = 3;
const CAPACITY = { egressBps: 1e9, packetsPerSecond: WORKERS * 700 };
const EXPECTED_PEERS = 4;

let node: MediaNode;
let events: TestNode['events'];
let idle: number[];
const streams: RunningStream[] = [];
const mediaPeers: RtpPeer[] = [];

beforeEach(async () => {
  ({ node, events } = await startMediaNode({ workers: WORKERS, capacity: CAPACITY, heardSpeakers: 0 }));
  idle = await entities();
});

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.stop();
  await Promise.all(mediaPeers.splice(0).map((peer) => peer.close()));
  node.close();
});

const entities = async () => (await node.dumpWorkers()).map((dump) => dump.entities).sort();
const routers = async () => (await node.dumpWorkers()).map(({ routerIds }) => routerIds.length).sort();

function join(
  peerId: string,
  more: Partial<Parameters<typeof DemoClient.join>[1]> = {},
): Promise<DemoClient> {
  return DemoClient.join(node, {
    peerId,
    generation: 'current',
    claim: { expectedPeers: EXPECTED_PEERS, reserved: { egressBps: 1_000, packetsPerSecond: 1 } },
    ...more,
  });
}

/** One after the other, so that it is known who sits where. */
async function joinAll(...peerIds: string[]): Promise<DemoClient[]> {
  const clients: DemoClient[] = [];
  for (const peerId of peerIds) clients.push(await join(peerId));
  return clients;
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

function ssrcOf({ rtpParameters }: { rtpParameters: types.RtpParameters }): number {
  return rtpParameters.encodings?.[0]?.ssrc ?? 0;
}

describe('a room that is too large for one worker', () => {
  test('spreads over workers; all see and hear all, and it leaves nothing behind', async () => {
    const clients = await joinAll('a', 'b', 'c', 'd', 'e');
    expect(await routers()).toEqual([1, 1, 1]);
    for (const [index, client] of clients.entries()) {
      const from = await media(client, 'send');
      await client.produce('audio', opusParameters(100 + index));
      run(sendOpus({ peer: from, ssrc: 100 + index }));
      await client.produce('video', vp8Parameters([200 + index]));
      run(sendVp8({ peer: from, ssrc: 200 + index }));
    }
    const received = await Promise.all(clients.map((client) => media(client, 'receive')));
    for (const [index, client] of clients.entries()) {
      const others = clients.length - 1;
      await eventually(() => client.consumers().length === 2 * others);
      await eventually(() =>
        client
          .consumers()
          .every((consumer) => (received[index]?.packetsBySsrc.get(ssrcOf(consumer)) ?? 0) > 5),
      );
      expect(new Set(client.consumers().map(({ peerId }) => peerId)).size).toBe(others);
    }
    // Each hears the same producers, whichever router serves it.
    const idsSeenBy = (client: DemoClient) => client.consumers().map(({ producerId }) => producerId);
    expect(new Set(clients.flatMap(idsSeenBy)).size).toBe(2 * clients.length);
    expect(node.listRooms()).toEqual([{ roomId: 'room', epoch: 1, peers: 5 }]);
    expect(node.describeRoom('room').peers.map(({ consumers }) => consumers)).toEqual(Array(5).fill(8));

    for (const client of clients) client.peer.leave();
    await eventually(async () => isDeepStrictEqual(await entities(), idle));
    expect(events.filter(({ type }) => type === 'roomEnded')).toHaveLength(1);
  });

  test('that come at the same time find places too, and one room', async () => {
    const clients = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((peerId) => join(peerId)));
    expect(await routers()).toEqual([1, 1, 1]);
    await clients[0]?.produce('audio', opusParameters(301));
    for (const client of clients.slice(1)) await eventually(() => client.consumers().length === 1);
    expect(node.listRooms()).toEqual([{ roomId: 'room', epoch: 1, peers: 6 }]);
  });

  test('stays on one worker as long as it fits there', async () => {
    await joinAll('a', 'b');
    expect(await routers()).toEqual([0, 0, 1]);
  });

  test('goes to workers on which other rooms leave it space', async () => {
    const reserved = { egressBps: 1_000, packetsPerSecond: 600 };
    await join('elsewhere', { roomId: 'other', claim: { expectedPeers: EXPECTED_PEERS, reserved } });
    await joinAll('a', 'b', 'c');
    // Without a look at the other room, the third one would have joined it on its worker.
    expect(await routers()).toEqual([1, 1, 1]);
  });

  test('leaves a worker with the last of its peers there', async () => {
    const [a, , c] = await joinAll('a', 'b', 'c');
    await a?.produce('audio', opusParameters(311));
    await eventually(() => c?.consumers().length === 1);
    expect(await routers()).toEqual([0, 1, 1]);
    c?.peer.leave();
    await eventually(async () => isDeepStrictEqual(await routers(), [0, 0, 1]));
    // The next one finds a place there again.
    const again = await join('again');
    await eventually(() => again.consumers().length === 1);
    expect(await routers()).toEqual([0, 1, 1]);
  });

  test('leaves the first worker, too', async () => {
    const [a, b, c] = await joinAll('a', 'b', 'c');
    a?.peer.leave();
    b?.peer.leave();
    await eventually(async () => isDeepStrictEqual(await routers(), [0, 0, 1]));
    await c?.produce('audio', opusParameters(321));
    const d = await join('d');
    await eventually(() => d.consumers().length === 1);
  });
});

describe('what a peer does is the same for those on other workers', () => {
  test('pausing, resuming, closing a producer; renaming, leaving', async () => {
    const [a, b, c] = (await joinAll('a', 'b', 'c')) as [DemoClient, DemoClient, DemoClient];
    const producerId = await a.produce('audio', opusParameters(401));
    for (const client of [b, c]) await eventually(() => client.consumers().length === 1);
    const seen = (client: DemoClient, method: string) =>
      eventually(() => client.peer.notifications(method).length === 1);

    await a.control('pauseProducer', { producerId });
    for (const client of [b, c]) await seen(client, 'consumerPaused');
    await a.control('resumeProducer', { producerId });
    for (const client of [b, c]) await seen(client, 'consumerResumed');
    await a.control('closeProducer', { producerId });
    for (const client of [b, c]) await seen(client, 'consumerClosed');
    await a.peer.request('changeDisplayName', { displayName: 'Alice' });
    for (const client of [b, c]) await seen(client, 'peerDisplayNameChanged');
    a.peer.leave();
    for (const client of [b, c]) await seen(client, 'peerClosed');
  });

  test('data channels, answered once those on other workers have set up theirs', async () => {
    const [a, b, c] = (await joinAll('a', 'b', 'c')) as [DemoClient, DemoClient, DemoClient];
    const dataProducerId = await a.produceData('chat', { streamId: 3, ordered: false, maxRetransmits: 2 });
    for (const client of [b, c]) {
      const [offer] = client.peer.requests('newDataConsumer');
      expect(offer).toMatchObject({
        peerId: 'a',
        dataProducerId,
        label: 'chat',
        sctpStreamParameters: { ordered: false, maxRetransmits: 2 },
      });
    }
    a.peer.leave();
    for (const client of [b, c]) {
      await eventually(() => client.peer.notifications('dataConsumerClosed').length === 1);
    }
  });

  test('speaking: everybody learns who is heard and who holds the floor', async () => {
    const [a, b, c] = (await joinAll('a', 'b', 'c')) as [DemoClient, DemoClient, DemoClient];
    const [fromA, fromC] = [await media(a, 'send'), await media(c, 'send')];
    await a.produce('audio', opusParameters(411));
    await c.produce('audio', opusParameters(412));
    const loud = run(sendOpus({ peer: fromC, ssrc: 412, level: 10 }));
    const quiet = run(sendOpus({ peer: fromA, ssrc: 411, level: 40 }));
    for (const client of [a, b, c]) {
      await eventually(() => {
        const last = client.peer.notifications('speakingPeers').at(-1)?.peerVolumes;
        return (last as { peerId: string }[] | undefined)?.map(({ peerId }) => peerId).join() === 'c,a';
      });
      await eventually(() => client.peer.notifications('activeSpeaker').at(-1)?.peerId === 'c');
    }
    loud.stop();
    await eventually(() => b.peer.notifications('activeSpeaker').at(-1)?.peerId === 'a');
    quiet.stop();
    for (const client of [a, b, c]) {
      await eventually(() => client.peer.notifications('activeSpeaker').at(-1)?.peerId === undefined);
    }
  });

  test('layers: a viewer on another worker gets those that it asks for', async () => {
    const [a, , c] = (await joinAll('a', 'b', 'c')) as [DemoClient, DemoClient, DemoClient];
    const [from, to] = [await media(a, 'send'), await media(c, 'receive')];
    const sizes = [200, 500, 1_000];
    await a.produce('video', vp8Parameters([421, 422, 423]));
    sizes.forEach((payloadBytes, index) => run(sendVp8({ peer: from, ssrc: 421 + index, payloadBytes })));
    const { consumerId, producerId } = await eventually(() => c.consumers()[0]);
    let lastSize = 0;
    to.onPacket((packet) => {
      if (packet.payload.length > 100) lastSize = packet.payload.length;
    });
    for (const [spatialLayer, size] of [
      [2, 1_000],
      [0, 200],
      [2, 1_000],
    ]) {
      c.peer.notify('setConsumerPreferredLayers', { consumerId, spatialLayer });
      await eventually(() => lastSize === size);
      await eventually(() => {
        const layers = c.peer.notifications('consumerLayersChanged').at(-1)?.layers;
        return (layers as { spatialLayer?: number } | undefined)?.spatialLayer === spatialLayer;
      });
      const { pipes, peers } = node.describeRoom('room');
      const workerOf = (peerId: string) => peers.find((peer) => peer.peerId === peerId)?.worker;
      expect(pipes).toHaveLength(1);
      await eventually(() =>
        isDeepStrictEqual(node.describeRoom('room').pipes, [
          {
            fromWorker: workerOf('a'),
            toWorker: workerOf('c'),
            producers: [{ producerId, kind: 'video', spatialLayers: [spatialLayer] }],
          },
        ]),
      );
    }
  });

  test('broadcasters: they are seen on other workers, and receive from there', async () => {
    const [a, , c] = (await joinAll('a', 'b', 'c')) as [DemoClient, DemoClient, DemoClient];
    await node.call('room', 'createBroadcaster', {
      broadcasterId: 'radio',
      displayName: 'Radio',
      device: { name: 'ffmpeg' },
      remoteAddress: '',
      rtpCapabilities: a.capabilities,
      joins: true,
    });
    const create = { broadcasterId: 'radio', type: 'plain', sctpCapabilities: undefined };
    const sending = (await node.call('room', 'createTransport', { ...create, direction: 'producer' })) as {
      id: string;
    };
    const { id } = (await node.call('room', 'produce', {
      broadcasterId: 'radio',
      transportId: sending.id,
      kind: 'audio',
      rtpParameters: opusParameters(441),
      appData: {},
    })) as { id: string };
    for (const client of [a, c]) await eventually(() => client.consumers()[0]?.producerId === id);

    const producerId = await c.produce('audio', opusParameters(442));
    const receiving = (await node.call('room', 'createTransport', { ...create, direction: 'consumer' })) as {
      id: string;
    };
    const consumed = await node.call('room', 'consume', {
      broadcasterId: 'radio',
      transportId: receiving.id,
      producerId,
    });
    expect(consumed).toMatchObject({ producerId, kind: 'audio' });
  });
});

test('the sender is asked for a key frame once a second, however many want one on however many workers', async () => {
  const [a, b, c] = (await joinAll('a', 'b', 'c')) as [DemoClient, DemoClient, DemoClient];
  const from = await media(a, 'send');
  await a.produce('video', vp8Parameters([431]));
  run(sendVp8({ peer: from, ssrc: 431 }));
  const consumers = [];
  for (const client of [b, c]) {
    const to = await media(client, 'receive');
    const consumer = await eventually(() => client.consumers()[0]);
    await eventually(() => (to.packetsBySsrc.get(ssrcOf(consumer)) ?? 0) > 10);
    consumers.push({ client, consumerId: consumer.consumerId });
  }
  const before = from.keyFrameRequests;
  const startedAt = performance.now();
  for (let round = 0; round < 10; round += 1) {
    for (const { client, consumerId } of consumers) {
      await client.peer.request('requestConsumerKeyFrame', { consumerId });
    }
  }
  await eventually(() => from.keyFrameRequests > before);
  const asked = from.keyFrameRequests - before;
  expect(asked).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - startedAt) / 1_000));
});

test.each([
  ['sends', 0],
  ['receives', 1],
])(
  'a pipe whose end that %s is lost is replaced, and peers are offered anew what came through it',
  async (_, end) => {
    const pipeEnds: types.PipeTransport[] = [];
    const watchRouter = (router: types.Router) =>
      router.observer.on('newtransport', (transport) => {
        if (transport.type === 'pipe') pipeEnds.push(transport as types.PipeTransport);
      });
    const watchWorker = (worker: types.Worker) => worker.observer.on('newrouter', watchRouter);
    node.close();
    mediasoup.observer.on('newworker', watchWorker);
    ({ node } = await startMediaNode({ workers: WORKERS, capacity: CAPACITY, heardSpeakers: 0 }));
    mediasoup.observer.off('newworker', watchWorker);

    const [a, , c] = (await joinAll('a', 'b', 'c')) as [DemoClient, DemoClient, DemoClient];
    const [from, to] = [await media(a, 'send'), await media(c, 'receive')];
    const producerId = await a.produce('audio', opusParameters(451));
    run(sendOpus({ peer: from, ssrc: 451 }));
    await a.produceData('chat');
    await eventually(() => c.consumers().length === 1);
    await eventually(() => c.peer.requests('newDataConsumer').length === 1);
    // The sink makes its end first.
    const [sinkEnd, sourceEnd] = pipeEnds;
    (end === 0 ? sourceEnd : sinkEnd)?.close();

    await eventually(() => c.peer.notifications('consumerClosed').length === 1);
    const again = await eventually(() => c.consumers()[1]);
    expect(again.producerId).toBe(producerId);
    await eventually(() => (to.packetsBySsrc.get(ssrcOf(again)) ?? 0) > 10);
    expect(pipeEnds.filter(({ closed }) => !closed)).toHaveLength(2);
    await eventually(() => c.peer.requests('newDataConsumer').length === 2);
    expect(c.peer.notifications('dataConsumerClosed')).toHaveLength(1);
    expect(c.consumers()).toHaveLength(2);
  },
);

describe('a worker that dies', () => {
  const victimOf = async () => {
    const dumps = await node.dumpWorkers();
    const pids = new Map(node.workerPids.map((pid) => [pid, dumps.find((dump) => dump.pid === pid)]));
    return [...pids].filter(([, dump]) => dump?.routerIds.length === 1).map(([pid]) => pid);
  };

  test('takes its part of the room only', async () => {
    const [a, b, c] = (await joinAll('a', 'b', 'c')) as [DemoClient, DemoClient, DemoClient];
    await a.produce('audio', opusParameters(501));
    await c.produce('audio', opusParameters(502));
    await eventually(() => c.consumers().length === 1 && b.consumers().length === 2);
    const pids = await victimOf();
    expect(pids).toHaveLength(2);

    for (const pid of pids.slice(0, 1)) process.kill(pid, 'SIGKILL');
    await eventually(() => [a, b, c].some(({ peer }) => peer.closedWith !== undefined));
    const gone = [a, b, c].filter(({ peer }) => peer.closedWith !== undefined);
    const left = [a, b, c].filter(({ peer }) => peer.closedWith === undefined);
    expect(gone.map(({ peer }) => peer.closedWith?.code)).toEqual(gone.map(() => 'FLEET_ERR_WORKER_DIED'));
    expect([['c'], ['a', 'b']]).toContainEqual(gone.map(({ peerId }) => peerId));
    expect(node.listRooms()).toEqual([{ roomId: 'room', epoch: 1, peers: left.length }]);
    for (const client of left) {
      await eventually(() => client.peer.notifications('peerClosed').length === gone.length);
    }
    expect(events.filter(({ type }) => type === 'roomEnded')).toEqual([]);

    // Who lost its place comes back to the same room.
    await eventually(() => node.ready);
    const back = await join(gone[0]?.peerId ?? '');
    await eventually(() => back.consumers().length === 1);
  });

  test('ends the room when all sat there', async () => {
    const [a] = await joinAll('a');
    const [pid] = await victimOf();
    process.kill(pid ?? 0, 'SIGKILL');
    await eventually(() => a?.peer.closedWith?.code === 'FLEET_ERR_WORKER_DIED');
    expect(node.listRooms()).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'roomEnded', reason: 'workerDied' });
  });
});
