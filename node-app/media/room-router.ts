import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { PipeDetail } from '../../core/protocol/room-detail';
import { laneOf } from './cascade/lane-of';
import type { LocalRouter } from './cascade/entry-routers';
import type { PipeAddress } from './cascade/lane-transport';
import type { MeasuredSource } from './cascade/measured-source';
import { PipeSink } from './cascade/pipe-sink';
import type { PipeSinkPort } from './cascade/pipe-signalling';
import { PipeSource, type PublishedMedia, type SendableMedia } from './cascade/pipe-source';
import type { PulledProducer } from './cascade/pulled-producer';
import type { RemotePipes } from './cascade/remote-pipes';
import { RemoteSinks } from './cascade/remote-sinks';
import type { RemoteStream } from './cascade/remote-stream';
import type { Hold } from './cascade/shared-pulls';
import type { WatchedConsumer } from './cascade/watched-consumers';
import type { MediaWorker } from './media-worker';
import { callMediasoup } from './mediasoup-errors';
import { ProducerDemand } from './producer-demand';
import { ROUTER_CODECS } from './router-codecs';
import { Speakers } from './speakers';

export interface RoomRouterOptions {
  worker: MediaWorker;
  pipeAddress: PipeAddress;
  /** What those publish who sit at this router. */
  published: PublishedMedia;
  /** The room's pipes with other nodes. @default there are none */
  remotePipes?: RemotePipes | undefined;
  /** Where the end of a pipe with that node listens. @default as pipeAddress, which serves nodes on one machine */
  remotePipeAddressFor?: ((nodeId: string) => PipeAddress) | undefined;
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
export class RoomRouter implements LocalRouter {
  readonly worker: MediaWorker;
  readonly router: types.Router;
  readonly speakers: Speakers;
  readonly #options: RoomRouterOptions;
  readonly #sinks = new Map<LocalRouter, PipeSink>();
  /** Of the simulcast producers whose publishers sit here. */
  readonly #demands = new Map<types.Producer, ProducerDemand>();
  readonly #remoteSinks: RemoteSinks | undefined;
  /** What its peers publish, and what it has pulled itself. */
  readonly #sendable: SendableMedia;

  private constructor(options: RoomRouterOptions, router: types.Router, speakers: Speakers) {
    this.#options = options;
    this.worker = options.worker;
    this.router = router;
    this.speakers = speakers;
    const { published, remotePipes: pipes, clock, logger } = options;
    const addressFor = (nodeId: string) => this.#remotePipeAddress(nodeId);
    this.#remoteSinks = pipes && new RemoteSinks({ router, addressFor, pipes, clock, logger });
    this.#sendable = {
      producer: (id) => published.producer(id),
      dataProducer: (id) => published.dataProducer(id),
      holdPulled: (id) => firstOf(this.#remoteSinks?.sinks, (sink) => sink.holdHere(id)),
      holdPulledData: (id) => firstOf(this.#remoteSinks?.sinks, (sink) => sink.holdDataHere(id)),
      openDemand: (producer) => this.demandFor(producer)?.openPipe(),
    };
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

  /** Named in what this node announces of the peers who sit here. */
  get id(): string {
    return this.router.id;
  }

  get workerIndex(): number {
    return this.worker.index;
  }

  get closed(): boolean {
    return this.router.closed;
  }

  /**
   * Brings a producer of another router of the room within reach of this one's peers, for as long as it is held.
   * @throws FleetError FLEET_ERR_NOT_FOUND when it has closed, FLEET_ERR_PIPE_CLOSED when it can't be reached
   */
  async reach(source: RoomRouter, producer: types.Producer): Promise<Hold<Reached>> {
    if (source === this) {
      const watch = (consumer: types.Consumer) => this.demandFor(producer)?.watch(consumer) ?? UNWATCHED;
      return { value: { producer, watch }, release: NOTHING_TO_RELEASE };
    }
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
  async reachRemote(stream: RemoteStream): Promise<Hold<Reached>> {
    return this.#persist(stream, () =>
      this.#through(
        stream,
        (entry) => entry.holdRemote(stream),
        (entry) => this.#sinkFrom(entry).hold({ id: stream.id, lane: stream.lane }),
      ),
    );
  }

  /** As `reachRemote`. */
  async reachRemoteData(stream: RemoteStream): Promise<Hold<types.DataProducer>> {
    return this.#persist(stream, () =>
      this.#through(
        stream,
        (entry) => entry.holdRemoteData(stream),
        (entry) => this.#sinkFrom(entry).holdData(stream.id),
      ),
    );
  }

  async holdRemote(stream: RemoteStream): Promise<Hold<PulledProducer>> {
    return this.#openRemoteSinks().hold(stream);
  }

  async holdRemoteData(stream: RemoteStream): Promise<Hold<types.DataProducer>> {
    return this.#openRemoteSinks().holdData(stream);
  }

  openSourceWithin(sink: PipeSinkPort): MeasuredSource {
    return this.#openSource(sink, this.#options.pipeAddress);
  }

  /** The sending end of a pipe from this router to one of that node. */
  openSource(sink: PipeSinkPort, nodeId: string): MeasuredSource {
    return this.#openSource(sink, this.#remotePipeAddress(nodeId));
  }

  /** What all want together of a producer whose publisher sits here; undefined: it has one layer. */
  demandFor(producer: types.Producer): ProducerDemand | undefined {
    if (producer.type !== 'simulcast' || producer.closed) return undefined;
    const known = this.#demands.get(producer);
    if (known !== undefined) return known;
    const demand = new ProducerDemand(producer, this.#options.clock);
    this.#demands.set(producer, demand);
    producer.observer.once('close', () => this.#demands.delete(producer));
    return demand;
  }

  /** What comes to this router from the room's others. */
  describePipes(): PipeDetail[] {
    const local = Array.from(this.#sinks, ([source, sink]) => this.#describe(source, sink));
    const remote = this.#remoteSinks?.describe() ?? [];
    return [...local, ...remote.map((pipe) => ({ ...pipe, toWorker: this.workerIndex }))];
  }

  /**
   * As `describePipes`, with what goes from here to other nodes, and how it all fares. Measures, so it is for who asks.
   */
  async measurePipes(): Promise<PipeDetail[]> {
    const [local, incoming = [], outgoing = []] = await Promise.all([
      Promise.all(
        Array.from(this.#sinks, async ([source, sink]) => ({
          ...this.#describe(source, sink),
          ...(await sink.measure()),
        })),
      ),
      this.#remoteSinks?.measure(),
      this.#options.remotePipes?.describe(this.id),
    ]);
    return [
      ...local,
      ...incoming.map((pipe) => ({ ...pipe, toWorker: this.workerIndex })),
      ...outgoing.map((pipe) => ({ ...pipe, fromWorker: this.workerIndex })),
    ];
  }

  /** Closes its transports, and with them its pipes to others. Idempotent. */
  close(): void {
    this.router.close();
  }

  #describe(source: LocalRouter, sink: PipeSink): PipeDetail {
    return { fromWorker: source.workerIndex, toWorker: this.workerIndex, producers: sink.describe() };
  }

  #openRemoteSinks(): RemoteSinks {
    if (this.closed || this.#remoteSinks === undefined) throw new FleetError('FLEET_ERR_PIPE_CLOSED');
    return this.#remoteSinks;
  }

  /**
   * Gets a stream of another node through the router of this node by which it comes.
   * @param enter brings it to that router
   * @param cross from there to this one
   */
  async #through<T>(
    stream: RemoteStream,
    enter: (entry: LocalRouter) => Promise<Hold<T>>,
    cross: (entry: LocalRouter) => Promise<Hold<T>>,
  ): Promise<Hold<T>> {
    const { remotePipes } = this.#options;
    if (remotePipes === undefined) throw new FleetError('FLEET_ERR_PIPE_CLOSED');
    const claim = remotePipes.entries.claim(stream.id, this);
    const held: { release(): void }[] = [claim];
    const release = () => {
      for (const hold of held.splice(0).reverse()) hold.release();
    };
    try {
      let hold = await enter(claim.router);
      held.push(hold);
      if (claim.router !== this) {
        hold = await cross(claim.router);
        held.push(hold);
      }
      return { value: hold.value, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #sinkFrom(source: LocalRouter): PipeSink {
    const existing = this.#sinks.get(source);
    if (existing !== undefined) return existing;
    if (this.closed || source.closed) throw new FleetError('FLEET_ERR_PIPE_CLOSED');
    const { pipeAddress, clock, logger } = this.#options;
    const sink: PipeSink = new PipeSink({
      router: this.router,
      address: pipeAddress,
      openSource: (port) => source.openSourceWithin(port),
      onClosed: () => this.#sinks.delete(source),
      clock,
      logger,
    });
    this.#sinks.set(source, sink);
    return sink;
  }

  #remotePipeAddress(nodeId: string): PipeAddress {
    const { pipeAddress, remotePipeAddressFor = () => pipeAddress } = this.#options;
    return remotePipeAddressFor(nodeId);
  }

  #openSource(sink: PipeSinkPort, address: PipeAddress): PipeSource {
    const { clock, logger } = this.#options;
    return new PipeSource({ router: this.router, address, published: this.#sendable, sink, clock, logger });
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

function firstOf<S, T>(sinks: readonly S[] = [], find: (sink: S) => T | undefined): T | undefined {
  for (const sink of sinks) {
    const found = find(sink);
    if (found !== undefined) return found;
  }
  return undefined;
}
