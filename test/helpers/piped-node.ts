import * as mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import { PictureLossIndication, RtcpPayloadSpecificFeedback } from 'werift';
import { laneOf } from '../../node-app/media/cascade/lane-of';
import type { MeasuredSource } from '../../node-app/media/cascade/measured-source';
import { RemotePipes, type RemotePipesOptions } from '../../node-app/media/cascade/remote-pipes';
import type { RemoteStream } from '../../node-app/media/cascade/remote-stream';
import { MediaWorker } from '../../node-app/media/media-worker';
import { RoomRouter } from '../../node-app/media/room-router';
import { systemClock } from '../../node-app/system-clock';
import { findWorkerBin } from '../../scripts/setup/parts.cjs';
import type { JsonChannels } from './json-channels';
import { testLogger } from './media-node';
import { TestRouter } from './test-router';
import {
  opusParameters,
  sendOpus,
  sendVp8,
  vp8Parameters,
  type RunningStream,
  type Vp8StreamOptions,
} from '../../local/load/rtp-streams';
import type { UdpLink } from './udp-link';

export interface PipedNodeOptions extends Partial<RemotePipesOptions> {
  /** Routers, each on a worker of its own. @default 1 */
  routers?: number;
  /** Stands between the ends of lanes whose sources are here. */
  between?: (source: MeasuredSource) => MeasuredSource;
}

/** A node's part of a room. */
export class PipedNode {
  private constructor(
    readonly nodeId: string,
    readonly pipes: RemotePipes,
    readonly routers: PipedRouter[],
  ) {}

  static async start(
    nodeId: string,
    channels: JsonChannels,
    { routers: count = 1, between = (source) => source, ...options }: PipedNodeOptions = {},
  ): Promise<PipedNode> {
    const routers: PipedRouter[] = [];
    const pipes = new RemotePipes({
      nodeId,
      send: (to, message) => channels.send(nodeId, to, message),
      openLocalSource: (routerId, sink, fromNodeId) => {
        const source = routers.find(({ room }) => room.id === routerId)?.room.openSource(sink, fromNodeId);
        return source && between(source);
      },
      clock: systemClock,
      logger: testLogger,
      ...options,
    });
    channels.add(nodeId, pipes);
    const started = await Promise.all(Array.from({ length: count }, () => PipedRouter.start(nodeId, pipes)));
    routers.push(...started);
    return new PipedNode(nodeId, pipes, routers);
  }

  /** The first one. */
  get router(): PipedRouter {
    const [first] = this.routers;
    if (first === undefined) throw new Error('a node without routers');
    return first;
  }

  /** How many ends of pipes with other nodes or routers the workers hold. */
  async lanes(): Promise<number> {
    const counts = await Promise.all(this.routers.map((router) => router.lanes()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    this.pipes.close();
    await Promise.all(this.routers.map((router) => router.close()));
  }
}

/** One router of a node, and the peers at it. */
export class PipedRouter {
  private readonly laneIds = new Set<string>();
  private readonly streams: RunningStream[] = [];

  private constructor(
    readonly nodeId: string,
    readonly test: TestRouter,
    readonly room: RoomRouter,
  ) {
    room.router.observer.on('newtransport', ({ id, type }) => {
      if (type === 'pipe' || type === 'plain') this.laneIds.add(id);
    });
  }

  static async start(nodeId: string, remotePipes: RemotePipes): Promise<PipedRouter> {
    const worker = await mediasoup.createWorker({ workerBin: findWorkerBin(), logLevel: 'warn' });
    const webRtcServer = await worker.createWebRtcServer({
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    });
    const test: { router?: TestRouter } = {};
    const room = await RoomRouter.create({
      worker: new MediaWorker(0, worker, webRtcServer),
      pipeAddress: { ip: '127.0.0.1' },
      published: {
        producer: (id) => test.router?.producers.get(id),
        dataProducer: (id) => test.router?.dataProducers.get(id),
      },
      remotePipes,
      clock: systemClock,
      logger: testLogger,
    });
    test.router = TestRouter.of(worker, room.router);
    return new PipedRouter(nodeId, test.router, room);
  }

  /** How many ends of pipes the worker itself knows. */
  async lanes(): Promise<number> {
    const { transportIds } = await this.room.router.dump();
    return transportIds.filter((id) => this.laneIds.has(id)).length;
  }

  async speaker(ssrc: number) {
    const { producer, peer } = await this.test.publish('audio', opusParameters(ssrc));
    const stream = sendOpus({ peer, ssrc });
    this.streams.push(stream);
    return { producer, peer, stream };
  }

  /**
   * Sends key frames when it is asked for them, which it is once a second at most.
   * @param ssrcs more than one: simulcast, whose layers have payloads of 200, 500 and 1,000 bytes
   */
  async camera(ssrcs: readonly number[], options: Partial<Vp8StreamOptions> = {}) {
    const { transport, peer } = await this.test.connect();
    const producer = await transport.produce({
      kind: 'video',
      rtpParameters: vp8Parameters(ssrcs),
      keyFrameRequestDelay: 1_000,
    });
    this.test.producers.set(producer.id, producer);
    const layers = ssrcs.map((ssrc, layer) =>
      sendVp8({ peer, ssrc, payloadBytes: LAYER_BYTES[layer] ?? 1_000, keyFrames: 'asked', ...options }),
    );
    this.streams.push(...layers);
    peer.onRtcp((packet) => {
      if (!(packet instanceof RtcpPayloadSpecificFeedback)) return;
      const { feedback } = packet;
      if (feedback instanceof PictureLossIndication)
        layers[ssrcs.indexOf(feedback.mediaSsrc)]?.requestKeyFrame();
    });
    return { producer, peer, layers };
  }

  async close(): Promise<void> {
    for (const stream of this.streams) stream.stop();
    await this.test.close();
  }

  /** As other nodes learn of it. */
  announce(media: types.Producer | types.DataProducer): RemoteStream {
    return {
      nodeId: this.nodeId,
      routerId: this.room.id,
      id: media.id,
      lane: 'rtpParameters' in media ? laneOf(media) : 'whole',
      get closed() {
        return media.closed;
      },
    };
  }

  /** A viewer at this router gets a stream of another node. */
  async view(stream: RemoteStream) {
    const hold = await this.room.reachRemote(stream);
    const { transport, peer } = await this.test.connect();
    const consumer = await transport.consume({
      producerId: hold.value.producer.id,
      rtpCapabilities: this.room.router.rtpCapabilities,
      paused: true,
    });
    const watched = hold.value.watch(consumer);
    await consumer.resume();
    const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0;
    const received = () => peer.packetsBySsrc.get(ssrc) ?? 0;
    const leave = async () => {
      consumer.close();
      hold.release();
      transport.close();
      await peer.close();
    };
    return { hold, transport, peer, consumer, watched, ssrc, received, leave };
  }
}

export const LAYER_BYTES = [200, 500, 1_000];

/** Puts a link between the two ends of every lane. */
export function overLink(link: () => UdpLink): (source: MeasuredSource) => MeasuredSource {
  return (source) => ({
    openLane: async (lane, sinkEnd) => {
      const sinkPlace = await link().attach(sinkEnd);
      const sourceEnd = await source.openLane(lane, { ...sinkEnd, ...sinkPlace.address });
      const sourcePlace = await link().attach(sourceEnd);
      link().join(sinkPlace, sourcePlace);
      return { ...sourceEnd, ...sourcePlace.address };
    },
    pull: (id, lane) => source.pull(id, lane),
    pullData: (id) => source.pullData(id),
    bytesSent: (lane) => source.bytesSent(lane),
    want: (id, layers) => source.want(id, layers),
    drop: (id) => source.drop(id),
    measure: () => source.measure(),
    close: () => source.close(),
  });
}
