import { parseScalabilityMode, type types } from 'mediasoup';
import { isSameLayers, liveLayersOf, type WantedLayers } from '../../../core/cascade/layer-demand';
import { callMediasoup } from '../mediasoup-errors';
import { farParameters, pipeCapabilities, type LayerSender, type LayerSenderOptions } from './layer-sender';

/**
 * Sends an SVC producer up to the highest wanted spatial and temporal layer: one consumer, limited to these and paused
 * while nobody wants anything. What it leaves out, the consumers on the other side find missing, and go without.
 */
export class SvcSender implements LayerSender {
  readonly #options: LayerSenderOptions;
  readonly #consumer: types.Consumer;
  readonly #allLayers: readonly number[];
  #arriving: readonly number[];
  #sentTop = -1;
  #temporalLayer: number | undefined;
  #closed = false;

  private constructor(options: LayerSenderOptions, consumer: types.Consumer) {
    const { producer } = options;
    this.#options = options;
    this.#consumer = consumer;
    const { spatialLayers } = parseScalabilityMode(producer.rtpParameters.encodings?.[0]?.scalabilityMode);
    this.#allLayers = [...Array(spatialLayers).keys()];
    this.#arriving = this.#arrivingNow();
    producer.observer.on('score', this.#onScore);
  }

  static async create(options: LayerSenderOptions): Promise<SvcSender> {
    const { producer, transport, routerCapabilities } = options;
    const rtpCapabilities = pipeCapabilities(routerCapabilities);
    const consumer = await callMediasoup(() =>
      transport.consume({ producerId: producer.id, rtpCapabilities, paused: true, enableRtx: true }),
    );
    return new SvcSender(options, consumer);
  }

  get consumers(): types.Consumer[] {
    return [this.#consumer];
  }

  get rtpParameters(): types.RtpParameters {
    return farParameters(this.#options.producer, this.consumers);
  }

  get liveLayers(): readonly number[] {
    return this.#options.upstream?.liveLayers ?? this.#arriving;
  }

  get sentLayers(): number[] {
    return this.#allLayers.filter((layer) => layer <= this.#sentTop);
  }

  want(wanted: WantedLayers): void {
    this.#options.upstream?.want(wanted);
    const top = Math.min(this.#allLayers.length - 1, Math.max(-1, ...wanted.spatialLayers));
    if (top < 0) {
      if (this.#sentTop >= 0) this.#supervise(this.#consumer.pause());
      this.#sentTop = -1;
      return;
    }
    const { temporalLayer } = wanted;
    const wasPaused = this.#sentTop < 0;
    if (top !== this.#sentTop || temporalLayer !== this.#temporalLayer) {
      this.#supervise(this.#consumer.setPreferredLayers({ spatialLayer: top, temporalLayer }));
    }
    this.#sentTop = top;
    this.#temporalLayer = temporalLayer;
    if (wasPaused) this.#supervise(this.#consumer.resume());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.producer.observer.off('score', this.#onScore);
    this.#consumer.close();
  }

  readonly #onScore = (): void => {
    const arriving = this.#arrivingNow();
    if (isSameLayers(arriving, this.#arriving)) return;
    this.#arriving = arriving;
    if (this.#options.upstream === undefined) this.#options.onLiveLayers(arriving);
  };

  /** The layers are one stream: all of them are there, or none. mediasoup doesn't tell which its publisher leaves out. */
  #arrivingNow(): readonly number[] {
    return liveLayersOf(this.#options.producer.score).length > 0 ? this.#allLayers : [];
  }

  #supervise(change: Promise<void>): void {
    change.catch((error: unknown) => {
      if (!this.#closed && !this.#consumer.closed) this.#options.onFailed(error);
    });
  }
}
