import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../../../core/clock';
import type { WantedLayers } from '../../../core/cascade/layer-demand';
import { FleetError } from '../../../core/errors';
import type { PipeDetail } from '../../../core/protocol/room-detail';
import { callMediasoup } from '../mediasoup-errors';
import { connectEnd, createSinkEnd, describeEnd, onceClosed, type PipeAddress } from './lane-transport';
import type { Lane, PipeSinkPort, PipeSourcePort } from './pipe-signalling';
import { PulledProducer } from './pulled-producer';
import { SharedPulls, type Hold } from './shared-pulls';
import { SilenceWatch } from './silence-watch';
import { measureStreams, statsOf, type StreamMeasures } from './stream-measures';

export interface PipeSinkOptions {
  router: types.Router;
  address: PipeAddress;
  /** Gives the other end, which then talks to this one. */
  openSource: (sink: PipeSinkPort) => PipeSourcePort;
  /**
   * The pipe is gone, and with it all that was pulled. Once.
   * @param reason what was wrong with it; absent when an end has closed
   */
  onClosed?: (reason?: FleetError) => void;
  /**
   * How the pipe lives between nodes: it closes when nothing was held for so long, milliseconds, and when what the source
   * sends doesn't arrive. @default as within a node: it stays, and nothing can be in its way
   */
  closesAfterIdleMs?: number;
  clock: Clock;
  logger: Logger;
}

/** What to pull. */
export interface Pullable {
  id: string;
  lane: Lane;
  /** As of `PipeSourcePort.pull`. */
  insists?: boolean;
}

/** The end of a pipe at the router that wants what others publish. It says what happens. */
export class PipeSink implements PipeSinkPort {
  readonly #options: PipeSinkOptions;
  readonly #source: PipeSourcePort;
  readonly #lanes = new Map<Lane, Promise<types.PipeTransport>>();
  /** Those that are here or on their way, for what the source says of them. */
  readonly #pulled = new Map<string, PulledProducer>();
  readonly #producers: SharedPulls<PulledProducer>;
  readonly #dataProducers: SharedPulls<types.DataProducer>;
  readonly #silences = new Map<Lane, SilenceWatch>();
  #idleTimer: Timer | undefined;
  #closed = false;

  constructor(options: PipeSinkOptions) {
    this.#options = options;
    this.#producers = new SharedPulls({
      drop: (id, pulled) => {
        this.#source.drop(id);
        this.#forget(id, pulled);
      },
      lose: (pulled) => this.#forget(pulled.producer.id, pulled),
    });
    this.#dataProducers = new SharedPulls({
      drop: (id, dataProducer) => {
        this.#source.drop(id);
        dataProducer.close();
        this.#reviewIdle();
      },
      lose: (dataProducer) => dataProducer.close(),
    });
    this.#source = options.openSource(this);
    options.router.observer.on('close', this.#onRouterClosed);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Takes part in a producer of the other router; it is pulled when nobody here has it yet. It closes when its source
   * does, and with the pipe.
   * @throws FleetError FLEET_ERR_NOT_FOUND, FLEET_ERR_PIPE_CLOSED
   */
  async hold(what: Pullable): Promise<Hold<PulledProducer>> {
    this.#assertOpen();
    return this.#producers.hold(what.id, () => this.#pull(what));
  }

  /** As `hold`. */
  async holdData(id: string, insists?: boolean): Promise<Hold<types.DataProducer>> {
    this.#assertOpen();
    return this.#dataProducers.hold(id, () => this.#pullData(id, insists));
  }

  /** As `hold`, of what is here already. */
  holdHere(id: string): Hold<PulledProducer> | undefined {
    return this.#producers.holdHere(id);
  }

  holdDataHere(id: string): Hold<types.DataProducer> | undefined {
    return this.#dataProducers.holdHere(id);
  }

  /** How what it has pulled arrives. Asks the worker, so it is for who wants to know. */
  async measure(): Promise<StreamMeasures> {
    const producers = Array.from(this.#pulled.values()).flatMap((pulled) => pulled.producerHere ?? []);
    return measureStreams(await statsOf(producers));
  }

  /** What it has pulled. */
  describe(): PipeDetail['producers'] {
    return Array.from(this.#pulled.values()).flatMap((pulled) => pulled.describe());
  }

  producerPaused(producerId: string): void {
    this.#pulled.get(producerId)?.setPaused(true);
  }

  producerResumed(producerId: string): void {
    this.#pulled.get(producerId)?.setPaused(false);
  }

  liveLayersChanged(producerId: string, spatialLayers: readonly number[]): void {
    this.#pulled.get(producerId)?.setLiveLayers(spatialLayers);
  }

  producerClosed(id: string): void {
    this.#producers.lost(id);
    this.#dataProducers.lost(id);
    this.#reviewIdle();
  }

  close(): void {
    this.#end(undefined);
  }

  #end(reason: FleetError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#idleTimer?.cancel();
    for (const silence of this.#silences.values()) silence.close();
    this.#options.router.observer.off('close', this.#onRouterClosed);
    this.#producers.clear();
    this.#dataProducers.clear();
    for (const opening of this.#lanes.values()) {
      // One that is still opening closes itself.
      void opening.then(
        (transport) => transport.close(),
        () => undefined,
      );
    }
    this.#source.close();
    this.#options.onClosed?.(reason);
  }

  readonly #onRouterClosed = (): void => this.close();

  async #pull({ id, lane, insists }: Pullable): Promise<PulledProducer> {
    const { clock, logger } = this.#options;
    const want = (wanted: WantedLayers) => {
      this.#source.want(id, wanted);
      this.#silences.get(lane)?.review();
    };
    const pulled = new PulledProducer({ producerId: id, lane, want, clock, logger });
    // Before the source is asked: what it says may come with the answer.
    this.#pulled.set(id, pulled);
    try {
      const transport = await this.#lane(lane);
      const media = await this.#source.pull(id, lane, insists);
      await pulled.produce(transport, media);
      this.#assertOpen();
      return pulled;
    } catch (error) {
      this.#source.drop(id);
      this.#forget(id, pulled);
      throw error;
    }
  }

  async #pullData(id: string, insists: boolean | undefined): Promise<types.DataProducer> {
    const transport = await this.#lane('whole');
    try {
      const data = await this.#source.pullData(id, insists);
      const dataProducer = await callMediasoup(() => transport.produceData({ id, ...data }));
      if (this.#closed) dataProducer.close();
      this.#assertOpen();
      return dataProducer;
    } catch (error) {
      this.#source.drop(id);
      this.#reviewIdle();
      throw error;
    }
  }

  #lane(lane: Lane): Promise<types.PipeTransport> {
    const opened = this.#lanes.get(lane);
    if (opened !== undefined) return opened;
    const opening = this.#openLane(lane);
    this.#lanes.set(lane, opening);
    opening.catch(() => this.#lanes.delete(lane));
    return opening;
  }

  async #openLane(lane: Lane): Promise<types.PipeTransport> {
    const { router, address } = this.#options;
    const transport = await createSinkEnd(router, lane, address);
    try {
      this.#assertOpen();
      await connectEnd(transport, await this.#source.openLane(lane, describeEnd(transport)));
      this.#assertOpen();
      // Half a pipe is none.
      onceClosed(transport, () => this.close());
      this.#watchSilence(lane, transport);
      return transport;
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  #watchSilence(lane: Lane, transport: types.PipeTransport): void {
    const { closesAfterIdleMs, clock, logger } = this.#options;
    if (closesAfterIdleMs === undefined) return;
    const isOfLane = (pulled: PulledProducer) => pulled.lane === lane && pulled.isAwaited;
    const watch = new SilenceWatch({
      isWanted: () => Array.from(this.#pulled.values()).some(isOfLane),
      received: async () =>
        (await transport.getStats()).reduce((sum, { bytesReceived }) => sum + bytesReceived, 0),
      sent: () => this.#source.bytesSent(lane),
      onSilent: () => {
        const error = new FleetError('FLEET_ERR_PIPE_SILENT');
        logger.warn({ err: error, lane }, 'a pipe carries nothing');
        this.#end(error);
      },
      clock,
      logger,
    });
    this.#silences.get(lane)?.close();
    this.#silences.set(lane, watch);
  }

  /** A pipe that nobody uses gives its ports back. */
  #reviewIdle(): void {
    const { closesAfterIdleMs, clock } = this.#options;
    if (closesAfterIdleMs === undefined || this.#closed) return;
    this.#idleTimer?.cancel();
    this.#idleTimer = clock.setTimer(closesAfterIdleMs, () => {
      if (this.#producers.size + this.#dataProducers.size === 0) this.close();
    });
  }

  #forget(id: string, pulled: PulledProducer): void {
    if (this.#pulled.get(id) === pulled) this.#pulled.delete(id);
    pulled.close();
    this.#reviewIdle();
  }

  #assertOpen(): void {
    if (this.#closed) throw new FleetError('FLEET_ERR_PIPE_CLOSED');
  }
}
