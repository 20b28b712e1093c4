import type { types } from 'mediasoup';
import { laneOf } from '../../node-app/media/cascade/lane-of';
import { eventually } from '../helpers/eventually';
import {
  opusParameters,
  sendOpus,
  sendVp8,
  vp8Parameters,
  type RunningStream,
} from '../../local/load/rtp-streams';
import { joinRouters, TestRouter, view } from '../helpers/test-router';
import { runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';

/** Chromium's VP8 simulcast at 30 frames a second: about 200, 700 and 2,500 kbit/s. */
const LAYERS = [
  { packetsPerFrame: 1, payloadBytes: 820 },
  { packetsPerFrame: 3, payloadBytes: 960 },
  { packetsPerFrame: 10, payloadBytes: 1_040 },
];
/** Which layer each of two viewers asks for, by camera; as in a meeting, where one picture is large and others small. */
const WISHES = [
  [2, 2],
  [2, 0],
  [1, 1],
  [0, 0],
];
const WINDOW_MS = 8_000;
/** What SRTP with AES-GCM adds to each packet. */
const SRTP_BYTES = 16;

/**
 * What a pipe carries, against the least that it could: each publisher once, in the layers that somebody on the other
 * side watches. Beside it mediasoup's own pipeToRouter, which sends every layer, at the same time.
 */
export const bench: Benchmark = {
  name: 'cascade-bytes',
  description: 'bytes between two routers, against each publisher once in the layers that are wanted',
  defaultRounds: 3,
  run: (options) => run(options),
};

async function run(options: BenchmarkOptions): Promise<Sample[][]> {
  const routers: TestRouter[] = [];
  const streams: RunningStream[] = [];
  try {
    for (let count = 0; count < 3; count += 1) routers.push(await TestRouter.start());
    const [from, to, other] = routers as [TestRouter, TestRouter, TestRouter];
    const producers = await publish(from, streams);

    const ownEnds = transportsMadeFrom(from);
    const { sink } = joinRouters(from, to);
    const wanted = new Map<string, number[]>();
    for (const [index, producer] of producers.entries()) {
      const wishes = WISHES[index] ?? [0, 0];
      wanted.set(producer.id, [...new Set(wishes)].sort());
      for (const spatialLayer of wishes) {
        const { consumer, watched } = await view(to, sink, producer);
        if (laneOf(producer) !== 'layered') continue;
        await consumer.setPreferredLayers({ spatialLayer });
        watched.preferredLayersChanged();
      }
    }
    const ours = ownEnds();
    const theirEnds = transportsMadeFrom(from);
    for (const { id } of producers) {
      await from.router.pipeToRouter({
        producerId: id,
        router: other.router,
        enableRtx: true,
        enableSrtp: true,
      });
    }
    const theirs = theirEnds();
    await eventually(
      () =>
        sink
          .describe()
          .every(({ producerId, spatialLayers }) =>
            spatialLayers === undefined ? true : spatialLayers.join() === wanted.get(producerId)?.join(),
          ),
      { timeoutMs: 30_000 },
    );

    return await runRounds(options, async () => {
      const before = await read(ours, theirs, producers, wanted);
      await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
      const after = await read(ours, theirs, producers, wanted);
      const minimum = after.minimum - before.minimum;
      return [
        {
          name: 'bytes_over_minimum',
          unit: '',
          value: (after.ours - before.ours) / minimum,
          bound: '<= 1.05',
        },
        { name: 'all_layers_over_minimum', unit: '', value: (after.theirs - before.theirs) / minimum },
        { name: 'minimum', unit: 'kbit/s', value: (minimum * 8) / WINDOW_MS },
      ];
    });
  } finally {
    for (const stream of streams) stream.stop();
    await Promise.all(routers.map((router) => router.close()));
  }
}

/** As many cameras as there are wishes, and two microphones. */
async function publish(from: TestRouter, streams: RunningStream[]): Promise<types.Producer[]> {
  const producers: types.Producer[] = [];
  for (const index of WISHES.keys()) {
    const ssrcs = LAYERS.map((_, layer) => 1_000 + 10 * index + layer);
    const { producer, peer } = await from.publish('video', vp8Parameters(ssrcs));
    LAYERS.forEach((layer, i) => streams.push(sendVp8({ peer, ssrc: ssrcs[i] ?? 0, ...layer })));
    producers.push(producer);
  }
  for (const ssrc of [2_001, 2_002]) {
    const { producer, peer } = await from.publish('audio', opusParameters(ssrc));
    streams.push(sendOpus({ peer, ssrc }));
    producers.push(producer);
  }
  return producers;
}

/** Collects the transports that a router makes until the returned function is called. */
function transportsMadeFrom({ router }: TestRouter): () => types.Transport[] {
  const made: types.Transport[] = [];
  const add = (transport: types.Transport): void => {
    made.push(transport);
  };
  router.observer.on('newtransport', add);
  return () => {
    router.observer.off('newtransport', add);
    return made;
  };
}

interface Reading {
  ours: number;
  theirs: number;
  minimum: number;
}

async function read(
  ours: types.Transport[],
  theirs: types.Transport[],
  producers: types.Producer[],
  wanted: ReadonlyMap<string, number[]>,
): Promise<Reading> {
  const [own, others, least] = await Promise.all([
    Promise.all(ours.map(bytesSent)),
    Promise.all(theirs.map(bytesSent)),
    Promise.all(producers.map((producer) => bytesWanted(producer, wanted.get(producer.id) ?? []))),
  ]);
  return { ours: sum(own), theirs: sum(others), minimum: sum(least) };
}

async function bytesSent(transport: types.Transport): Promise<number> {
  const stats = (await transport.getStats()) as { bytesSent: number }[];
  return sum(stats.map((stat) => stat.bytesSent));
}

/** What the publisher sent of a producer in these layers; all of it where there are none. */
async function bytesWanted(producer: types.Producer, layers: number[]): Promise<number> {
  const stats = (await producer.getStats()).filter(({ type }) => type === 'inbound-rtp');
  const ssrcs = (producer.rtpParameters.encodings ?? []).map(({ ssrc }) => ssrc ?? 0);
  const counted =
    laneOf(producer) === 'layered' ? stats.filter(({ ssrc }) => layers.includes(ssrcs.indexOf(ssrc))) : stats;
  return sum(counted.map(({ byteCount, packetCount }) => byteCount + SRTP_BYTES * packetCount));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
