import type { types } from 'mediasoup';
import {
  isSatisfied,
  LayerHysteresis,
  liveLayersOf,
  wantedLayers,
  type WantedLayers,
} from '../../core/cascade/layer-demand';
import type { Clock, Timer } from '../../core/clock';
import { laneOf } from './cascade/lane-of';
import { WatchedConsumers, type WatchedConsumer } from './cascade/watched-consumers';

/** What one pipe wants of a producer. */
export interface PipeDemand {
  want(wanted: WantedLayers): void;
  /** Idempotent. */
  close(): void;
}

/** How long a layer that nobody wants is still asked of the publisher, milliseconds. */
const KEEP_LAYER_MS = 5_000;
/** How often demand that time alone changes is looked at again. */
const REVIEW_MS = 500;

/**
 * Up to which spatial layer anybody wants a simulcast producer, over all who get it: the consumers in its router, and the
 * pipes to others. Its publisher can leave out what is above.
 */
export class ProducerDemand {
  readonly #producer: types.Producer;
  readonly #clock: Clock;
  readonly #consumers: WatchedConsumers;
  readonly #pipes = new Map<PipeDemand, readonly number[]>();
  readonly #hysteresis = new LayerHysteresis(KEEP_LAYER_MS);
  #onTopLayer: ((spatialLayer: number) => void) | undefined;
  #topLayer: number;
  #reviewTimer: Timer | undefined;

  constructor(producer: types.Producer, clock: Clock) {
    this.#producer = producer;
    this.#clock = clock;
    this.#consumers = new WatchedConsumers({ onChanged: () => this.#review(), clock });
    const layers = this.#allLayers;
    // Whoever has just begun sends all, and has the usual time to find somebody who wants them.
    this.#topLayer = layers.length - 1;
    this.#hysteresis.update(layers, clock.monotonicMs());
    producer.observer.on('score', () => this.#review());
    producer.observer.on('resume', () => {
      this.#consumers.restart();
      this.#review();
    });
    producer.observer.once('close', () => this.#reviewTimer?.cancel());
    this.#review();
  }

  /** Told of each change from now on: the highest layer that is wanted, −1 when none is. */
  listen(onTopLayer: (spatialLayer: number) => void): void {
    this.#onTopLayer = onTopLayer;
  }

  /** Counts a consumer's demand until it closes. */
  watch(consumer: types.Consumer): WatchedConsumer {
    return this.#consumers.watch(consumer);
  }

  /** A pipe that wants nothing yet. */
  openPipe(): PipeDemand {
    const pipe: PipeDemand = {
      want: ({ spatialLayers: layers }) => {
        // On the lane that carries all layers together, wanting is wanting all.
        const wanted = this.#crossesWhole && layers.length > 0 ? this.#allLayers : layers;
        if (this.#pipes.has(pipe)) this.#pipes.set(pipe, wanted);
        this.#review();
      },
      close: () => {
        if (this.#pipes.delete(pipe)) this.#review();
      },
    };
    this.#pipes.set(pipe, []);
    return pipe;
  }

  get #allLayers(): number[] {
    return [...(this.#producer.rtpParameters.encodings ?? []).keys()];
  }

  get #crossesWhole(): boolean {
    return laneOf(this.#producer) === 'whole';
  }

  #review(): void {
    // While it is paused nobody gets anything, which says nothing of what they want.
    if (this.#producer.closed || this.#producer.paused) return;
    const nowMs = this.#clock.monotonicMs();
    const liveLayers = liveLayersOf(this.#producer.score);
    const demands = this.#consumers.demands(liveLayers);
    const wanted = new Set([...wantedLayers(demands, liveLayers), ...[...this.#pipes.values()].flat()]);
    const kept = this.#hysteresis.update([...wanted], nowMs);
    const topLayer = Math.min(this.#allLayers.length - 1, Math.max(-1, ...kept));
    if (topLayer !== this.#topLayer) {
      this.#topLayer = topLayer;
      this.#onTopLayer?.(topLayer);
    }
    // Time alone drops what is kept, and tells who is held back.
    if (kept.length === wanted.size && demands.every((demand) => isSatisfied(demand, liveLayers))) return;
    this.#reviewTimer ??= this.#clock.setTimer(REVIEW_MS, () => {
      this.#reviewTimer = undefined;
      this.#review();
    });
  }
}
