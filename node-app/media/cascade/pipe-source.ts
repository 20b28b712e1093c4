import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock } from '../../../core/clock';
import type { WantedLayers } from '../../../core/cascade/layer-demand';
import { FleetError } from '../../../core/errors';
import type { PipeDetail } from '../../../core/protocol/room-detail';
import { callMediasoup } from '../mediasoup-errors';
import { laneOf } from './lane-of';
import { LaneSlot } from './lane-slot';
import {
  connectEnd,
  createLayeredSourceEnd,
  createWholeEnd,
  describeEnd,
  type LaneTransport,
  type PipeAddress,
} from './lane-transport';
import type { MeasuredSource, SourceMeasures } from './measured-source';
import type { Lane, LaneEnd, PipeSinkPort, PulledData, PulledMedia } from './pipe-signalling';
import type { PipeDemand } from '../producer-demand';
import type { PulledProducer } from './pulled-producer';
import type { Hold } from './shared-pulls';
import { SimulcastSender } from './simulcast-sender';
import { measureStreams, statsOf } from './stream-measures';
import { SvcSender } from './svc-sender';

/** Where a source finds what its peers publish. */
export interface PublishedMedia {
  producer(id: string): types.Producer | undefined;
  dataProducer(id: string): types.DataProducer | undefined;
}

/** What a router can send: what its peers publish, and what it has pulled itself, which stays while it is passed on. */
export interface SendableMedia extends PublishedMedia {
  holdPulled?(id: string): Hold<PulledProducer> | undefined;
  holdPulledData?(id: string): Hold<types.DataProducer> | undefined;
  /** Counts what a pipe wants of what is published here; undefined: it makes no difference to the publisher. */
  openDemand?(producer: types.Producer): PipeDemand | undefined;
}

export interface PipeSourceOptions {
  router: types.Router;
  address: PipeAddress;
  published: SendableMedia;
  /** The other end. */
  sink: PipeSinkPort;
  clock: Clock;
  logger: Logger;
}

/** How one thing is sent. */
interface Sending {
  readonly consumers: readonly types.Consumer[];
  describe(): PipeDetail['producers'];
  want(wanted: WantedLayers): void;
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
export class PipeSource implements MeasuredSource {
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
    const { published } = this.#options;
    const own = published.producer(producerId);
    const hold = own === undefined ? published.holdPulled?.(producerId) : undefined;
    try {
      const producer = own ?? hold?.value.producer;
      if (producer === undefined || producer.closed) throw notFound(producerId);
      if (laneOf(producer) !== lane) throw badRequest(`producer ${producerId} doesn't take the ${lane} lane`);
      return await (lane === 'layered' ? this.#pullLayers(producer, hold) : this.#pullWhole(producer, hold));
    } catch (error) {
      hold?.release();
      throw error;
    }
  }

  async pullData(dataProducerId: string): Promise<PulledData> {
    this.#assertOpen();
    const { published } = this.#options;
    const own = published.dataProducer(dataProducerId);
    const hold = own === undefined ? published.holdPulledData?.(dataProducerId) : undefined;
    try {
      const dataProducer = own ?? hold?.value;
      if (dataProducer === undefined || dataProducer.closed) throw notFound(dataProducerId);
      return await this.#sendData(dataProducer, hold);
    } catch (error) {
      hold?.release();
      throw error;
    }
  }

  async bytesSent(lane: Lane): Promise<number> {
    this.#assertOpen();
    const transport = lane === 'whole' ? this.#wholeEnd.transport() : this.#layeredEnd.transport();
    const stats = await callMediasoup<{ bytesSent: number }[]>(() => transport.getStats());
    return stats.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  }

  want(producerId: string, wanted: WantedLayers): void {
    this.#sendings.get(producerId)?.want(wanted);
  }

  /** Asks the worker, so it is for who wants to know. */
  async measure(): Promise<SourceMeasures> {
    const sendings = Array.from(this.#sendings.values());
    const stats = await statsOf(sendings.flatMap(({ consumers }) => consumers));
    const outbound = stats.filter(({ type }) => type === 'outbound-rtp');
    return { producers: sendings.flatMap((sending) => sending.describe()), ...measureStreams(outbound) };
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

  async #sendData(
    dataProducer: types.DataProducer,
    hold: Hold<types.DataProducer> | undefined,
  ): Promise<PulledData> {
    const { id: dataProducerId, label, protocol, appData } = dataProducer;
    const transport = this.#wholeEnd.transport();
    const consumer = await callMediasoup(() => transport.consumeData({ dataProducerId }));
    const close = () => {
      consumer.close();
      hold?.release();
    };
    this.#start(dataProducer, { consumers: [], describe: () => [], want: () => undefined, close });
    const { sctpStreamParameters } = consumer;
    if (sctpStreamParameters === undefined) throw new Error('a data consumer of a pipe without a stream');
    return { sctpStreamParameters, label, protocol, appData };
  }

  async #pullWhole(producer: types.Producer, hold: Hold<PulledProducer> | undefined): Promise<PulledMedia> {
    const transport = this.#wholeEnd.transport();
    const consumer = await callMediasoup(async () => {
      const created = await transport.consume({ producerId: producer.id });
      await created.pause();
      return created;
    });
    const { id: producerId, kind, paused, appData } = producer;
    const upstream = hold === undefined ? this.#openDemand(producer) : hold.value.passOn(() => undefined);
    let sends = false;
    this.#start(producer, {
      consumers: [consumer],
      describe: () => [{ producerId, kind }],
      want: (wanted) => {
        upstream?.want(wanted);
        if (sends === wanted.spatialLayers.length > 0) return;
        sends = !sends;
        const change = sends ? consumer.resume() : consumer.pause();
        change.catch((error: unknown) => {
          if (!consumer.closed) this.#fail(error, producer.id);
        });
      },
      close: () => {
        consumer.close();
        upstream?.close();
        hold?.release();
      },
    });
    return { kind, paused, appData, rtpParameters: consumer.rtpParameters, liveLayers: [] };
  }

  async #pullLayers(producer: types.Producer, hold: Hold<PulledProducer> | undefined): Promise<PulledMedia> {
    const { router, clock, sink } = this.#options;
    const { id: producerId, kind } = producer;
    const onLiveLayers = (layers: readonly number[]) => sink.liveLayersChanged(producerId, layers);
    const upstream = hold?.value.passOn(onLiveLayers);
    const demand = hold === undefined ? this.#openDemand(producer) : undefined;
    const Sender = producer.type === 'svc' ? SvcSender : SimulcastSender;
    const sender = await Sender.create({
      producer,
      upstream,
      transport: this.#layeredEnd.transport(),
      routerCapabilities: router.rtpCapabilities,
      clock,
      onLiveLayers,
      onFailed: (error) => this.#fail(error, producerId),
    }).catch((error: unknown) => {
      upstream?.close();
      demand?.close();
      throw error;
    });
    this.#start(producer, {
      consumers: sender.consumers,
      describe: () => [{ producerId, kind, spatialLayers: sender.sentLayers }],
      want: (wanted) => {
        demand?.want(wanted);
        sender.want(wanted);
      },
      close: () => {
        sender.close();
        demand?.close();
        upstream?.close();
        hold?.release();
      },
    });
    const { paused, appData } = producer;
    const { rtpParameters, liveLayers } = sender;
    return { kind, paused, appData, rtpParameters, liveLayers };
  }

  #openDemand(producer: types.Producer): PipeDemand | undefined {
    return this.#options.published.openDemand?.(producer);
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
      ...sending,
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

function badRequest(message: string): FleetError {
  return new FleetError('FLEET_ERR_BAD_REQUEST', { message });
}

function notFound(id: string): FleetError {
  return new FleetError('FLEET_ERR_NOT_FOUND', { message: `no producer ${id.slice(0, 100)} to pull` });
}

function closedPipe(): FleetError {
  return new FleetError('FLEET_ERR_PIPE_CLOSED');
}
