import type { types } from 'mediasoup';
import type { Clock, Timer } from '../../../core/clock';
import { liveLayersOf } from '../../../core/cascade/layer-demand';
import { callMediasoup } from '../mediasoup-errors';

/** What a pulled producer's own source has to do with it. */
export interface Upstream {
  /** Which layers the publisher sends, whether they come as far as here or not. */
  readonly liveLayers: readonly number[];
  want(spatialLayers: readonly number[]): void;
}

export interface LayeredSenderOptions {
  producer: types.Producer;
  /** Of a producer that was pulled itself. @default it is the publisher's own */
  upstream?: Upstream | undefined;
  transport: types.PlainTransport;
  routerCapabilities: types.RtpCapabilities;
  clock: Clock;
  onLiveLayers: (layers: readonly number[]) => void;
  /** A call to mediasoup failed; the sender is of no more use. */
  onFailed: (error: unknown) => void;
}

/**
 * Not on a pipe. With the first two a congestion controller of mediasoup's own would throttle the pipe; `mid` would
 * name the consumers of different layers differently; the capture time is nowhere negotiated (see ../capture-time.ts).
 */
const STRIPPED_EXTENSIONS = new Set([
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
]);
const STRIPPED_FEEDBACK = new Set(['transport-cc', 'goog-remb']);

/** Until a layer that was found to carry another one is tried again. */
const RETRY_MS = 500;

/**
 * Sends chosen spatial layers of a simulcast producer: one consumer per layer, pinned to it, paused while nobody
 * wants the layer. The SSRCs of these consumers are the encodings of the producer on the other side.
 */
export class LayeredSender {
  readonly #producer: types.Producer;
  readonly #upstream: Upstream | undefined;
  readonly #clock: Clock;
  readonly #onLiveLayers: (layers: readonly number[]) => void;
  readonly #onFailed: (error: unknown) => void;
  readonly #layers: PinnedLayer[] = [];
  #wanted: ReadonlySet<number> = new Set();
  /** Those that come as far as here. */
  #arriving: readonly number[];
  #retryTimer: Timer | undefined;
  #closed = false;

  private constructor({ producer, upstream, clock, onLiveLayers, onFailed }: LayeredSenderOptions) {
    this.#producer = producer;
    this.#upstream = upstream;
    this.#clock = clock;
    this.#onLiveLayers = onLiveLayers;
    this.#onFailed = onFailed;
    this.#arriving = liveLayersOf(producer.score);
    producer.observer.on('score', this.#onScore);
  }

  static async create(options: LayeredSenderOptions): Promise<LayeredSender> {
    const { producer, transport, routerCapabilities } = options;
    const sender = new LayeredSender(options);
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
        sender.#add({ spatialLayer, consumer, sends: false, misled: false });
      }
      return sender;
    } catch (error) {
      sender.close();
      throw error;
    }
  }

  /** Those that the publisher sends: what the other side may ask for. */
  get liveLayers(): readonly number[] {
    return this.#upstream?.liveLayers ?? this.#arriving;
  }

  /** Of the producer on the other side. */
  get rtpParameters(): types.RtpParameters {
    const [first] = this.#layers;
    if (first === undefined) throw new Error('a simulcast producer without encodings');
    const { codecs, headerExtensions, rtcp } = first.consumer.rtpParameters;
    const encodings = this.#layers.map(({ spatialLayer, consumer }) => {
      const [encoding] = consumer.rtpParameters.encodings ?? [];
      const { scalabilityMode, dtx } = this.#producer.rtpParameters.encodings?.[spatialLayer] ?? {};
      return { ssrc: encoding?.ssrc, rtx: encoding?.rtx, scalabilityMode, dtx };
    });
    return { codecs, headerExtensions, encodings, rtcp };
  }

  want(spatialLayers: readonly number[]): void {
    this.#wanted = new Set(spatialLayers);
    this.#upstream?.want(spatialLayers);
    this.#apply();
  }

  get consumers(): types.Consumer[] {
    return this.#layers.map(({ consumer }) => consumer);
  }

  /** Those that are sent now. */
  get sentLayers(): number[] {
    return this.#layers.filter(({ sends }) => sends).map(({ spatialLayer }) => spatialLayer);
  }

  /** Idempotent. */
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
    const { length } = this.#arriving;
    if (arriving.length === length && arriving.every((layer) => this.#arriving.includes(layer))) return;
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
    for (const layer of this.#layers) {
      const { spatialLayer, consumer, misled } = layer;
      const sends = this.#wanted.has(spatialLayer) && this.#arriving.includes(spatialLayer) && !misled;
      if (sends === layer.sends) continue;
      layer.sends = sends;
      const change = sends ? consumer.resume() : consumer.pause();
      change.catch((error: unknown) => {
        if (!this.#closed && !consumer.closed) this.#onFailed(error);
      });
    }
  }
}

interface PinnedLayer {
  spatialLayer: number;
  consumer: types.Consumer;
  /** What it was last told; `consumer.paused` follows a moment later. */
  sends: boolean;
  /** It was seen sending another layer. */
  misled: boolean;
}

function pipeCapabilities({
  codecs = [],
  headerExtensions = [],
}: types.RtpCapabilities): types.RtpCapabilities {
  return {
    codecs: codecs.map((codec) => ({
      ...codec,
      rtcpFeedback: codec.rtcpFeedback?.filter(({ type }) => !STRIPPED_FEEDBACK.has(type)) ?? [],
    })),
    headerExtensions: headerExtensions.filter(({ uri }) => !STRIPPED_EXTENSIONS.has(uri)),
  };
}
