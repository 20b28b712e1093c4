import * as mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import { PipeSink } from '../../node-app/media/cascade/pipe-sink';
import { PipeSource } from '../../node-app/media/cascade/pipe-source';
import type { PipeSinkPort, PipeSourcePort } from '../../node-app/media/cascade/pipe-signalling';
import { laneOf } from '../../node-app/media/cascade/lane-of';
import { ROUTER_CODECS } from '../../node-app/media/router-codecs';
import { systemClock } from '../../node-app/system-clock';
import { findWorkerBin } from '../../scripts/setup/parts.cjs';
import { testLogger } from './media-node';
import { RtpPeer } from '../../local/load/rtp-peer';

/** A router on a worker of its own, and what its peers publish. */
export class TestRouter {
  readonly producers = new Map<string, types.Producer>();
  readonly dataProducers = new Map<string, types.DataProducer>();
  private readonly peers: RtpPeer[] = [];

  private constructor(
    readonly worker: types.Worker,
    readonly router: types.Router,
  ) {}

  static async start(): Promise<TestRouter> {
    const worker = await mediasoup.createWorker({ workerBin: findWorkerBin(), logLevel: 'warn' });
    return new TestRouter(worker, await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] }));
  }

  /** A router that something else has made. */
  static of(worker: types.Worker, router: types.Router): TestRouter {
    return new TestRouter(worker, router);
  }

  /** A client's transport, with the client connected to it. */
  async connect(): Promise<{ transport: types.WebRtcTransport; peer: RtpPeer }> {
    const transport = await this.router.createWebRtcTransport({
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
      initialAvailableOutgoingBitrate: 10_000_000,
    });
    const peer = await RtpPeer.connect({
      remote: transport,
      connect: (dtlsParameters) => transport.connect({ dtlsParameters }),
    });
    this.peers.push(peer);
    return { transport, peer };
  }

  /** A client's transport that carries data channels; no client is connected to it. */
  async connectWithData(): Promise<{ transport: types.WebRtcTransport }> {
    const transport = await this.router.createWebRtcTransport({
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
      enableSctp: true,
    });
    return { transport };
  }

  async publish(
    kind: types.MediaKind,
    rtpParameters: types.RtpParameters,
  ): Promise<{ producer: types.Producer; peer: RtpPeer }> {
    const { transport, peer } = await this.connect();
    const producer = await transport.produce({ kind, rtpParameters });
    this.producers.set(producer.id, producer);
    return { producer, peer };
  }

  /** How many transports, producers and consumers the worker itself knows in the router. */
  async counts(): Promise<{ transports: number; producers: number; consumers: number }> {
    const dump = await this.router.dump();
    return {
      transports: dump.transportIds.length,
      producers: dump.mapProducerIdConsumerIds.length,
      consumers: dump.mapConsumerIdProducerId.length,
    };
  }

  /** Everything that the worker holds: routers, transports, producers, consumers, observers. */
  async entities(): Promise<string[]> {
    const { channelMessageHandlers } = await this.worker.dump();
    return channelMessageHandlers.channelRequestHandlers;
  }

  async close(): Promise<void> {
    await Promise.all(this.peers.splice(0).map((peer) => peer.close()));
    this.worker.close();
  }
}

/** A pipe from one router to another, whose ends talk directly. */
export function joinRouters(
  from: TestRouter,
  to: TestRouter,
  options: {
    /** Stands between the sink and the source. */
    between?: (source: PipeSourcePort) => PipeSourcePort;
    onClosed?: () => void;
    portRange?: { min: number; max: number };
  } = {},
): { sink: PipeSink; source: PipeSource } {
  let source: PipeSource | undefined;
  const address = { ip: '127.0.0.1', portRange: options.portRange };
  const common = { address, clock: systemClock, logger: testLogger };
  const openSource = (sink: PipeSinkPort): PipeSourcePort => {
    source = new PipeSource({
      ...common,
      router: from.router,
      published: {
        producer: (id) => from.producers.get(id),
        dataProducer: (id) => from.dataProducers.get(id),
      },
      sink,
    });
    return options.between?.(source) ?? source;
  };
  const sink = new PipeSink({ ...common, router: to.router, openSource, onClosed: options.onClosed });
  if (source === undefined) throw new Error('the sink did not open its source');
  return { sink, source };
}

/** Pulls a producer and gives it to a viewer on the other router. */
export async function view(to: TestRouter, sink: PipeSink, producer: types.Producer) {
  const hold = await sink.hold({ id: producer.id, lane: laneOf(producer) });
  const { transport, peer } = await to.connect();
  const consumer = await transport.consume({
    producerId: hold.value.producer.id,
    rtpCapabilities: to.router.rtpCapabilities,
    paused: true,
  });
  const watched = hold.value.watch(consumer);
  await consumer.resume();
  const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0;
  return {
    hold,
    transport,
    peer,
    consumer,
    watched,
    ssrc,
    received: () => peer.packetsBySsrc.get(ssrc) ?? 0,
  };
}
