import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { PipeDetail } from '../../core/protocol/room-detail';
import { laneOf } from './cascade/lane-of';
import type { PipeAddress } from './cascade/lane-transport';
import { PipeSink } from './cascade/pipe-sink';
import type { PipeSinkPort, PipeSourcePort } from './cascade/pipe-signalling';
import { PipeSource, type PublishedMedia } from './cascade/pipe-source';
import type { WatchedConsumer } from './cascade/pulled-producer';
import type { RemotePipes, RemoteStream } from './cascade/remote-pipes';
import type { Hold } from './cascade/shared-pulls';
import type { MediaWorker } from './media-worker';
import { callMediasoup } from './mediasoup-errors';
import { ROUTER_CODECS } from './router-codecs';
import { Speakers } from './speakers';

export interface RoomRouterOptions {
  worker: MediaWorker;
  pipeAddress: PipeAddress;
  /** What those publish who sit at this router. */
  published: PublishedMedia;
  /** The room's pipes with other nodes. @default there are none */
  remotePipes?: RemotePipes | undefined;
  clock: Clock;
  logger: Logger;
}

/** A producer within reach: one of this router, or pulled into it. */
export interface Reached {
  producer: types.Producer;
  /** Counts what this consumer wants until it closes. */
  watch(consumer: types.Consumer): WatchedConsumer;
}

/** Waits before a pull that failed is tried again, milliseconds. */
const RETRY_AFTER_MS = [250, 1_000, 4_000];
const NOTHING_TO_RELEASE = () => undefined;
const UNWATCHED: WatchedConsumer = { preferredLayersChanged: () => undefined };

/**
 * The part of a room that is on one worker: a router, and the pipes by which its peers reach what is published at the
 * room's other routers.
 */
export class RoomRouter {
  readonly worker: MediaWorker;
  readonly router: types.Router;
  readonly speakers: Speakers;
  readonly #options: RoomRouterOptions;
  readonly #sinks = new Map<RoomRouter, PipeSink>();

  private constructor(options: RoomRouterOptions, router: types.Router, speakers: Speakers) {
    this.#options = options;
    this.worker = options.worker;
    this.router = router;
    this.speakers = speakers;
  }

  /** @throws FleetError FLEET_ERR_WORKER_DIED */
  static async create(options: RoomRouterOptions): Promise<RoomRouter> {
    return callMediasoup(async () => {
      const router = await options.worker.worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] });
      try {
        return new RoomRouter(options, router, await Speakers.create(router, options.logger));
      } catch (error) {
        router.close();
        throw error;
      }
    });
  }

  get webRtcServer(): types.WebRtcServer {
    return this.worker.webRtcServer;
  }

  get closed(): boolean {
    return this.router.closed;
  }

  /**
   * Brings a producer of another router of the room within reach of this one's peers, for as long as it is held.
   * @throws FleetError FLEET_ERR_NOT_FOUND when it has closed, FLEET_ERR_PIPE_CLOSED when it can't be reached
   */
  async reach(source: RoomRouter, producer: types.Producer): Promise<Hold<Reached>> {
    if (source === this) return { value: { producer, watch: () => UNWATCHED }, release: NOTHING_TO_RELEASE };
    return this.#persist(producer, () =>
      this.#sinkFrom(source).hold({ id: producer.id, lane: laneOf(producer) }),
    );
  }

  /** As `reach`. */
  async reachData(source: RoomRouter, dataProducer: types.DataProducer): Promise<Hold<types.DataProducer>> {
    if (source === this) return { value: dataProducer, release: NOTHING_TO_RELEASE };
    return this.#persist(dataProducer, () => this.#sinkFrom(source).holdData(dataProducer.id));
  }

  /**
   * Brings a stream of another node within reach of this router's peers, for as long as it is held. It is pulled once
   * per node: the room's other routers here get it from the one that has it.
   * @throws FleetError FLEET_ERR_NOT_FOUND when it has closed, FLEET_ERR_PIPE_CLOSED when it can't be reached,
   * FLEET_ERR_PIPE_FULL when nobody passes it on
   */
  reachRemote(_stream: RemoteStream): Promise<Hold<Reached>> {
    return Promise.reject(new FleetError('FLEET_ERR_PIPE_CLOSED'));
  }

  /** As `reachRemote`. */
  reachRemoteData(_stream: RemoteStream): Promise<Hold<types.DataProducer>> {
    return Promise.reject(new FleetError('FLEET_ERR_PIPE_CLOSED'));
  }

  /** Named in what this node announces of the peers who sit here. */
  get id(): string {
    return this.router.id;
  }

  /** What comes to this router from the room's others. */
  describePipes(): PipeDetail[] {
    return Array.from(this.#sinks, ([source, sink]) => ({
      fromWorker: source.worker.index,
      toWorker: this.worker.index,
      producers: sink.describe(),
    }));
  }

  /** Closes its transports, and with them its pipes to others. Idempotent. */
  close(): void {
    this.router.close();
  }

  #sinkFrom(source: RoomRouter): PipeSink {
    const existing = this.#sinks.get(source);
    if (existing !== undefined) return existing;
    if (this.closed || source.closed) throw new FleetError('FLEET_ERR_PIPE_CLOSED');
    const { pipeAddress, clock, logger } = this.#options;
    const sink: PipeSink = new PipeSink({
      router: this.router,
      address: pipeAddress,
      openSource: (port) => source.openSource(port),
      onClosed: () => this.#sinks.delete(source),
      clock,
      logger,
    });
    this.#sinks.set(source, sink);
    return sink;
  }

  /** The sending end of a pipe from this router. */
  openSource(sink: PipeSinkPort): PipeSourcePort {
    const { pipeAddress, published, clock, logger } = this.#options;
    return new PipeSource({ router: this.router, address: pipeAddress, published, sink, clock, logger });
  }

  /** A pull that fails while what it is about lives is tried again. */
  async #persist<T>(pulled: { readonly closed: boolean }, pull: () => Promise<Hold<T>>): Promise<Hold<T>> {
    for (const waitMs of RETRY_AFTER_MS) {
      try {
        return await pull();
      } catch (error) {
        if (pulled.closed || this.closed) throw error;
        this.#options.logger.warn({ err: error, retryAfterMs: waitMs }, 'a pull from another router failed');
        await new Promise<void>((resolve) => this.#options.clock.setTimer(waitMs, resolve));
      }
    }
    return pull();
  }
}
