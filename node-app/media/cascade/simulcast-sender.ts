import type { types } from 'mediasoup';
import type { Clock, Timer } from '../../../core/clock';
import { isSameLayers, liveLayersOf, type WantedLayers } from '../../../core/cascade/layer-demand';
import { callMediasoup } from '../mediasoup-errors';
import {
  farParameters,
  pipeCapabilities,
  type LayerSender,
  type LayerSenderOptions,
  type Upstream,
} from './layer-sender';

/** Until a layer that was found to carry another one is tried again. */
const RETRY_MS = 500;

/**
 * Sends chosen spatial layers of a simulcast producer: one consumer per layer, pinned to it, paused while nobody
 * wants the layer. The SSRCs of these consumers are the encodings of the producer on the other side.
 */
export class SimulcastSender implements LayerSender {
  readonly #producer: types.Producer;
  readonly #upstream: Upstream | undefined;
  readonly #clock: Clock;
  readonly #onLiveLayers: (layers: readonly number[]) => void;
  readonly #onFailed: (error: unknown) => void;
  readonly #layers: PinnedLayer[] = [];
  #wanted: WantedLayers = { spatialLayers: [] };
  /** Those that come as far as here. */
  #arriving: readonly number[];
  #retryTimer: Timer | undefined;
  #closed = false;

  private constructor({ producer, upstream, clock, onLiveLayers, onFailed }: LayerSenderOptions) {
    this.#producer = producer;
    this.#upstream = upstream;
    this.#clock = clock;
    this.#onLiveLayers = onLiveLayers;
    this.#onFailed = onFailed;
    this.#arriving = liveLayersOf(producer.score);
    producer.observer.on('score', this.#onScore);
  }

  static async create(options: LayerSenderOptions): Promise<SimulcastSender> {
    const { producer, transport, routerCapabilities } = options;
    const sender = new SimulcastSender(options);
    try {
      const encodings = producer.rtpParameters.encodings ?? [];
      const rtpCapabilities = pipeCapabilities(routerCapabilities);
      for (const spatialLayer of encodings.keys()) {
        const consumer = await callMediasoup(() =>
          transport.consume({
            producerId: producer.id,
            rtpCapabilities,
            paused: true,
            enableRtx: true,
            preferredLayers: { spatialLayer },
          }),
        );
        sender.#add({ spatialLayer, consumer, sends: false, temporalLayer: undefined, misled: false });
      }
      return sender;
    } catch (error) {
      sender.close();
      throw error;
    }
  }

  get liveLayers(): readonly number[] {
    return this.#upstream?.liveLayers ?? this.#arriving;
  }

  get rtpParameters(): types.RtpParameters {
    return farParameters(this.#producer, this.consumers);
  }

  want(wanted: WantedLayers): void {
    this.#wanted = wanted;
    this.#upstream?.want(wanted);
    this.#apply();
  }

  get consumers(): types.Consumer[] {
    return this.#layers.map(({ consumer }) => consumer);
  }

  get sentLayers(): number[] {
    return this.#layers.filter(({ sends }) => sends).map(({ spatialLayer }) => spatialLayer);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retryTimer?.cancel();
    this.#producer.observer.off('score', this.#onScore);
    for (const { consumer } of this.#layers) consumer.close();
  }

  #add(layer: PinnedLayer): void {
    this.#layers.push(layer);
    // A pinned consumer sends another layer when its own isn't there: that would be the wrong picture under this
    // layer's SSRC, and bytes that nobody asked for.
    layer.consumer.on('layerschange', (current) => {
      if (current === undefined || current.spatialLayer === layer.spatialLayer) return;
      layer.misled = true;
      this.#retryTimer ??= this.#clock.setTimer(RETRY_MS, this.#retry);
      this.#apply();
    });
    if (this.#closed) layer.consumer.close();
  }

  readonly #onScore = (): void => {
    const arriving = liveLayersOf(this.#producer.score);
    if (isSameLayers(arriving, this.#arriving)) return;
    this.#arriving = arriving;
    if (this.#upstream === undefined) this.#onLiveLayers(arriving);
    this.#apply();
  };

  readonly #retry = (): void => {
    this.#retryTimer = undefined;
    for (const layer of this.#layers) layer.misled = false;
    this.#apply();
  };

  #apply(): void {
    if (this.#closed) return;
    const { spatialLayers, temporalLayer } = this.#wanted;
    for (const layer of this.#layers) {
      const { spatialLayer, consumer, misled } = layer;
      const sends = spatialLayers.includes(spatialLayer) && this.#arriving.includes(spatialLayer) && !misled;
      if (sends && temporalLayer !== layer.temporalLayer) {
        layer.temporalLayer = temporalLayer;
        this.#supervise(layer, consumer.setPreferredLayers({ spatialLayer, temporalLayer }));
      }
      if (sends === layer.sends) continue;
      layer.sends = sends;
      this.#supervise(layer, sends ? consumer.resume() : consumer.pause());
    }
  }

  #supervise({ consumer }: PinnedLayer, change: Promise<void>): void {
    change.catch((error: unknown) => {
      if (!this.#closed && !consumer.closed) this.#onFailed(error);
    });
  }
}

interface PinnedLayer {
  spatialLayer: number;
  consumer: types.Consumer;
  /** What it was last told; `consumer.paused` follows a moment later. */
  sends: boolean;
  /** The highest that it sends; undefined: all. */
  temporalLayer: number | undefined;
  /** It was seen sending another layer. */
  misled: boolean;
}
