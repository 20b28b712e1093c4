import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock } from '../../../core/clock';
import { FleetError } from '../../../core/errors';
import { callMediasoup } from '../mediasoup-errors';
import { laneOf } from './lane-of';
import {
  connectEnd,
  createLayeredSourceEnd,
  createWholeEnd,
  describeEnd,
  onceClosed,
  type LaneTransport,
  type PipeAddress,
} from './lane-transport';
import { LayeredSender } from './layered-sender';
import type { Lane, LaneEnd, PipeSinkPort, PipeSourcePort, PulledData, PulledMedia } from './pipe-signalling';

/** Where a source finds what its peers publish. */
export interface PublishedMedia {
  producer(id: string): types.Producer | undefined;
  dataProducer(id: string): types.DataProducer | undefined;
}

export interface PipeSourceOptions {
  router: types.Router;
  address: PipeAddress;
  published: PublishedMedia;
  /** The other end. */
  sink: PipeSinkPort;
  clock: Clock;
  logger: Logger;
}

/** How one thing is sent. */
interface Sending {
  want(spatialLayers: readonly number[]): void;
  close(): void;
}

/** A producer or data producer, as far as its life goes. */
interface Published {
  readonly id: string;
  readonly closed: boolean;
  readonly observer: {
    on(event: 'pause' | 'resume' | 'close', listener: () => void): unknown;
    off(event: 'pause' | 'resume' | 'close', listener: () => void): unknown;
  };
}

/** The end of a pipe at the router whose peers publish. Does what the sink asks for, and tells it what changes. */
export class PipeSource implements PipeSourcePort {
  readonly #options: PipeSourceOptions;
  readonly #wholeEnd = new LaneSlot<types.PipeTransport>(() => this.close());
  readonly #layeredEnd = new LaneSlot<types.PlainTransport>(() => this.close());
  readonly #sendings = new Map<string, Sending>();
  #closed = false;

  constructor(options: PipeSourceOptions) {
    this.#options = options;
    options.router.observer.on('close', this.#onRouterClosed);
  }

  get closed(): boolean {
    return this.#closed;
  }

  async openLane(lane: Lane, sinkEnd: LaneEnd): Promise<LaneEnd> {
    this.#assertOpen();
    const { router, address } = this.#options;
    return lane === 'whole'
      ? this.#open(this.#wholeEnd, () => createWholeEnd(router, address), sinkEnd)
      : this.#open(this.#layeredEnd, () => createLayeredSourceEnd(router, address), sinkEnd);
  }

  async pull(producerId: string, lane: Lane): Promise<PulledMedia> {
    this.#assertOpen();
    const producer = this.#options.published.producer(producerId);
    if (producer === undefined || producer.closed) throw notFound(producerId);
    if (laneOf(producer) !== lane) throw badRequest(`producer ${producerId} doesn't take the ${lane} lane`);
    return lane === 'layered' ? this.#pullLayers(producer) : this.#pullWhole(producer);
  }

  async pullData(dataProducerId: string): Promise<PulledData> {
    this.#assertOpen();
    const dataProducer = this.#options.published.dataProducer(dataProducerId);
    if (dataProducer === undefined || dataProducer.closed) throw notFound(dataProducerId);
    const transport = this.#wholeEnd.transport();
    const consumer = await callMediasoup(() => transport.consumeData({ dataProducerId }));
    this.#start(dataProducer, { want: () => undefined, close: () => consumer.close() });
    const { sctpStreamParameters } = consumer;
    if (sctpStreamParameters === undefined) throw new Error('a data consumer of a pipe without a stream');
    const { label, protocol, appData } = dataProducer;
    return { sctpStreamParameters, label, protocol, appData };
  }

  want(producerId: string, spatialLayers: readonly number[]): void {
    this.#sendings.get(producerId)?.want(spatialLayers);
  }

  drop(id: string): void {
    this.#sendings.get(id)?.close();
    this.#sendings.delete(id);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.router.observer.off('close', this.#onRouterClosed);
    for (const sending of this.#sendings.values()) sending.close();
    this.#sendings.clear();
    this.#wholeEnd.close();
    this.#layeredEnd.close();
    this.#options.sink.close();
  }

  readonly #onRouterClosed = (): void => this.close();

  async #open<T extends LaneTransport>(
    slot: LaneSlot<T>,
    create: () => Promise<T>,
    sinkEnd: LaneEnd,
  ): Promise<LaneEnd> {
    const transport = await slot.fill(create);
    try {
      await connectEnd(transport, sinkEnd);
      return describeEnd(transport);
    } catch (error) {
      slot.empty();
      throw error;
    }
  }

  async #pullWhole(producer: types.Producer): Promise<PulledMedia> {
    const transport = this.#wholeEnd.transport();
    const consumer = await callMediasoup(async () => {
      const created = await transport.consume({ producerId: producer.id });
      await created.pause();
      return created;
    });
    let sends = false;
    this.#start(producer, {
      want: (layers) => {
        if (sends === layers.length > 0) return;
        sends = !sends;
        const change = sends ? consumer.resume() : consumer.pause();
        change.catch((error: unknown) => {
          if (!consumer.closed) this.#fail(error, producer.id);
        });
      },
      close: () => consumer.close(),
    });
    const { kind, paused, appData } = producer;
    return { kind, paused, appData, rtpParameters: consumer.rtpParameters, liveLayers: [] };
  }

  async #pullLayers(producer: types.Producer): Promise<PulledMedia> {
    const { router, clock, sink } = this.#options;
    const sender = await LayeredSender.create({
      producer,
      transport: this.#layeredEnd.transport(),
      routerCapabilities: router.rtpCapabilities,
      clock,
      onLiveLayers: (layers) => sink.liveLayersChanged(producer.id, layers),
      onFailed: (error) => this.#fail(error, producer.id),
    });
    this.#start(producer, sender);
    const { kind, paused, appData } = producer;
    const { rtpParameters, liveLayers } = sender;
    return { kind, paused, appData, rtpParameters, liveLayers };
  }

  /** From here on the sink learns what becomes of it. @throws when it, or the pipe, is gone meanwhile */
  #start(published: Published, sending: Sending): void {
    const { id, observer } = published;
    if (this.#closed || published.closed) {
      sending.close();
      throw this.#closed ? closedPipe() : notFound(id);
    }
    // Pulled again without having been dropped: this one counts.
    this.drop(id);
    const { sink } = this.#options;
    const onPause = () => sink.producerPaused(id);
    const onResume = () => sink.producerResumed(id);
    const onClose = () => {
      this.drop(id);
      sink.producerClosed(id);
    };
    observer.on('pause', onPause);
    observer.on('resume', onResume);
    observer.on('close', onClose);
    this.#sendings.set(id, {
      want: (layers) => sending.want(layers),
      close: () => {
        observer.off('pause', onPause);
        observer.off('resume', onResume);
        observer.off('close', onClose);
        sending.close();
      },
    });
  }

  /** Something that can't fail did: the worker is in trouble, or the transport is gone. The sink pulls again. */
  #fail(error: unknown, producerId: string): void {
    this.#options.logger.warn({ err: error, producerId }, 'a pipe could not send as it should');
    this.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw closedPipe();
  }
}

/** The transport of one lane: none, one being made, or one. */
class LaneSlot<T extends LaneTransport> {
  readonly #onGone: () => void;
  #transport: T | undefined;
  #filling = false;
  #closed = false;

  /** @param onGone the transport has closed by itself */
  constructor(onGone: () => void) {
    this.#onGone = onGone;
  }

  /** In place of the one before: the sink opens a lane again only when its own end of it failed. */
  async fill(create: () => Promise<T>): Promise<T> {
    if (this.#filling) throw badRequest('this lane of the pipe is being opened');
    this.#filling = true;
    this.empty();
    try {
      const transport = await create();
      if (this.#closed) {
        transport.close();
        throw closedPipe();
      }
      this.#transport = transport;
      onceClosed(transport, () => {
        if (this.#transport === transport) this.#onGone();
      });
      return transport;
    } finally {
      this.#filling = false;
    }
  }

  /** @throws FleetError FLEET_ERR_BAD_REQUEST when there is none */
  transport(): T {
    if (this.#transport === undefined) throw badRequest('this lane of the pipe is not open');
    return this.#transport;
  }

  empty(): void {
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.close();
  }

  close(): void {
    this.#closed = true;
    this.empty();
  }
}

function badRequest(message: string): FleetError {
  return new FleetError('FLEET_ERR_BAD_REQUEST', { message });
}

function notFound(id: string): FleetError {
  return new FleetError('FLEET_ERR_NOT_FOUND', { message: `no producer ${id.slice(0, 100)} to pull` });
}

function closedPipe(): FleetError {
  return new FleetError('FLEET_ERR_PIPE_CLOSED');
}
