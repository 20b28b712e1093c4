import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock } from '../../../core/clock';
import { FleetError } from '../../../core/errors';
import type { PipeDetail } from '../../../core/protocol/room-detail';
import { callMediasoup } from '../mediasoup-errors';
import { connectEnd, createSinkEnd, describeEnd, onceClosed, type PipeAddress } from './lane-transport';
import type { Lane, PipeSinkPort, PipeSourcePort } from './pipe-signalling';
import { PulledProducer } from './pulled-producer';
import { SharedPulls, type Hold } from './shared-pulls';

export interface PipeSinkOptions {
  router: types.Router;
  address: PipeAddress;
  /** Gives the other end, which then talks to this one. */
  openSource: (sink: PipeSinkPort) => PipeSourcePort;
  /** The pipe is gone, for whatever reason, and with it all that was pulled. Once. */
  onClosed?: () => void;
  clock: Clock;
  logger: Logger;
}

/** What to pull. */
export interface Pullable {
  id: string;
  lane: Lane;
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
      },
      lose: (dataProducer) => dataProducer.close(),
    });
    options.router.observer.on('close', this.#onRouterClosed);
    this.#source = options.openSource(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Takes part in a producer of the other router; it is pulled when nobody here has it yet. It closes when its source
   * does, and with the pipe.
   * @throws FleetError FLEET_ERR_NOT_FOUND, FLEET_ERR_PIPE_CLOSED
   */
  async hold({ id, lane }: Pullable): Promise<Hold<PulledProducer>> {
    this.#assertOpen();
    return this.#producers.hold(id, () => this.#pull(id, lane));
  }

  /** As `hold`. */
  async holdData(id: string): Promise<Hold<types.DataProducer>> {
    this.#assertOpen();
    return this.#dataProducers.hold(id, () => this.#pullData(id));
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
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
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
    this.#options.onClosed?.();
  }

  readonly #onRouterClosed = (): void => this.close();

  async #pull(id: string, lane: Lane): Promise<PulledProducer> {
    const { clock, logger } = this.#options;
    const want = (layers: readonly number[]) => this.#source.want(id, layers);
    const pulled = new PulledProducer({ producerId: id, lane, want, clock, logger });
    // Before the source is asked: what it says may come with the answer.
    this.#pulled.set(id, pulled);
    try {
      const transport = await this.#lane(lane);
      const media = await this.#source.pull(id, lane);
      await pulled.produce(transport, media);
      this.#assertOpen();
      return pulled;
    } catch (error) {
      this.#source.drop(id);
      this.#forget(id, pulled);
      throw error;
    }
  }

  async #pullData(id: string): Promise<types.DataProducer> {
    const transport = await this.#lane('whole');
    try {
      const data = await this.#source.pullData(id);
      const dataProducer = await callMediasoup(() => transport.produceData({ id, ...data }));
      if (this.#closed) dataProducer.close();
      this.#assertOpen();
      return dataProducer;
    } catch (error) {
      this.#source.drop(id);
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
      return transport;
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  #forget(id: string, pulled: PulledProducer): void {
    if (this.#pulled.get(id) === pulled) this.#pulled.delete(id);
    pulled.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new FleetError('FLEET_ERR_PIPE_CLOSED');
  }
}
