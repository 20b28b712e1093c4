import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../../../core/clock';
import {
  isSameLayers,
  isSameWanted,
  isSatisfied,
  joinWanted,
  LayerHysteresis,
  wantedLayers,
  type LayerDemand,
  type WantedLayers,
} from '../../../core/cascade/layer-demand';
import type { PipeDetail } from '../../../core/protocol/room-detail';
import { callMediasoup } from '../mediasoup-errors';
import { supervise } from '../supervise';
import type { Lane, PulledMedia } from './pipe-signalling';
import { WatchedConsumers, type WatchedConsumer } from './watched-consumers';

export interface PulledProducerOptions {
  producerId: string;
  lane: Lane;
  /** Asks the source for this. */
  want: (wanted: WantedLayers) => void;
  clock: Clock;
  logger: Logger;
}

/** What another pipe wants of a pulled producer, to pass it on. */
export interface PassedOn {
  /** Which spatial layers the publisher sends at present. */
  readonly liveLayers: readonly number[];
  /** As PipeSourcePort.want. */
  want(wanted: WantedLayers): void;
  /** Idempotent. */
  close(): void;
}

interface PassedOnEntry {
  wanted: WantedLayers;
  onLiveLayers: (layers: readonly number[]) => void;
}

/** How long a layer still comes after the last one who wanted it. */
const KEEP_LAYER_MS = 2_000;
/** How often demand that time alone changes is looked at again. */
const REVIEW_MS = 500;
/** What stands for "everything" on the whole lane. */
const WHOLE: WantedLayers = { spatialLayers: [0] };
/** Above all numbers of temporal layers. */
const ALL_TEMPORAL = Number.POSITIVE_INFINITY;
const NOTHING: WantedLayers = { spatialLayers: [] };

/** A producer of another router, as it appears in this one; it asks for what its consumers here want. */
export class PulledProducer {
  readonly #options: PulledProducerOptions;
  readonly #spatialHysteresis = new LayerHysteresis(KEEP_LAYER_MS);
  readonly #temporalHysteresis = new LayerHysteresis(KEEP_LAYER_MS);
  readonly #consumers: WatchedConsumers;
  readonly #passedOn = new Set<PassedOnEntry>();
  #producer: types.Producer | undefined;
  /** What the source said last, also before the producer was here. */
  #paused: boolean | undefined;
  #liveLayers: readonly number[] | undefined;
  #asked = NOTHING;
  #reviewTimer: Timer | undefined;
  #closed = false;

  constructor(options: PulledProducerOptions) {
    this.#options = options;
    this.#consumers = new WatchedConsumers({ onChanged: () => this.#review(), clock: options.clock });
  }

  get producer(): types.Producer {
    if (this.#producer === undefined) throw new Error('not pulled yet');
    return this.#producer;
  }

  /** Undefined while it is on its way. */
  get producerHere(): types.Producer | undefined {
    return this.#producer;
  }

  /** Whether something of it should arrive, if its publisher sends. */
  get isAwaited(): boolean {
    return this.#asked.spatialLayers.length > 0 && this.#paused !== true;
  }

  get lane(): Lane {
    return this.#options.lane;
  }

  /** Nothing while it is on its way. */
  describe(): PipeDetail['producers'] {
    if (this.#producer === undefined) return [];
    const { id, kind } = this.#producer;
    const { spatialLayers, temporalLayer } = this.#asked;
    if (this.#options.lane === 'whole') return [{ producerId: id, kind }];
    const limit = temporalLayer === undefined ? {} : { temporalLayer };
    return [{ producerId: id, kind, spatialLayers: [...spatialLayers], ...limit }];
  }

  /** Makes the far producer, under the same id. */
  async produce(transport: types.PipeTransport, media: PulledMedia): Promise<void> {
    const { kind, rtpParameters, appData } = media;
    const id = this.#options.producerId;
    // What was said of it since the source answered is newer than the answer.
    this.#paused ??= media.paused;
    this.#liveLayers ??= media.liveLayers;
    const paused = this.#paused;
    const producer = await callMediasoup(() =>
      transport.produce({ id, kind, rtpParameters, paused, appData }),
    );
    this.#producer = producer;
    if (this.#paused !== paused) this.#applyPause();
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#applyPause();
    // Nobody could be satisfied in the meantime.
    if (!paused) this.#consumers.restart();
    this.#review();
  }

  setLiveLayers(layers: readonly number[]): void {
    const changed = !isSameLayers(this.#liveLayers ?? [], layers);
    this.#liveLayers = layers;
    this.#review();
    if (changed) for (const { onLiveLayers } of this.#passedOn) onLiveLayers(layers);
  }

  /**
   * Counts what a further pipe wants of it, exactly as it says: the end of that pipe has done the reckoning, and waited
   * before it dropped a layer.
   */
  passOn(onLiveLayers: (layers: readonly number[]) => void): PassedOn {
    const entry: PassedOnEntry = { wanted: NOTHING, onLiveLayers };
    this.#passedOn.add(entry);
    const liveLayers = () => this.#liveLayers ?? [];
    return {
      get liveLayers() {
        return liveLayers();
      },
      want: (wanted) => {
        entry.wanted = wanted;
        this.#review();
      },
      close: () => {
        if (this.#passedOn.delete(entry)) this.#review();
      },
    };
  }

  /** Counts a consumer's demand until it closes. */
  watch(consumer: types.Consumer): WatchedConsumer {
    return this.#consumers.watch(consumer);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reviewTimer?.cancel();
    this.#producer?.close();
  }

  #applyPause(): void {
    const producer = this.#producer;
    if (producer === undefined || producer.closed) return;
    const change = this.#paused === true ? producer.pause() : producer.resume();
    supervise(
      change.catch((error: unknown) => {
        if (!producer.closed) throw error;
      }),
      this.#options.logger,
      'pausing a pulled producer',
    );
  }

  /** Asks the source for what is wanted now, if that is something else than before. */
  #review(): void {
    if (this.#closed) return;
    const nowMs = this.#options.clock.monotonicMs();
    const liveLayers = this.#liveLayers ?? [];
    const isLayered = this.#options.lane === 'layered';
    const demands = isLayered ? this.#consumers.demands(liveLayers) : [];
    const wanted = isLayered ? wantedOf(demands, liveLayers) : this.#consumers.isWanted ? WHOLE : NOTHING;
    const kept = this.#keepFor(wanted, nowMs);
    const passedOn = Array.from(this.#passedOn, (entry) => entry.wanted);
    const asked = joinWanted([kept, ...passedOn]);
    if (!isSameWanted(asked, this.#asked)) {
      this.#asked = asked;
      this.#options.want(asked);
    }
    // Time alone drops what is kept, and tells who is held back.
    const waits = !isSameWanted(kept, wanted) || demands.some((demand) => !isSatisfied(demand, liveLayers));
    if (waits) {
      this.#reviewTimer ??= this.#options.clock.setTimer(REVIEW_MS, () => {
        this.#reviewTimer = undefined;
        this.#review();
      });
    }
  }

  /** What is wanted, and what has been until a moment ago. */
  #keepFor({ spatialLayers, temporalLayer }: WantedLayers, nowMs: number): WantedLayers {
    const highest = spatialLayers.length === 0 ? [] : [temporalLayer ?? ALL_TEMPORAL];
    const kept = this.#temporalHysteresis.update(highest, nowMs).at(-1);
    return {
      spatialLayers: this.#spatialHysteresis.update(spatialLayers, nowMs),
      temporalLayer: kept === ALL_TEMPORAL ? undefined : kept,
    };
  }
}

function wantedOf(demands: readonly LayerDemand[], liveLayers: readonly number[]): WantedLayers {
  const ofEach = demands.map((demand) => ({
    spatialLayers: wantedLayers([demand], liveLayers),
    temporalLayer: demand.preferredTemporalLayer,
  }));
  return joinWanted(ofEach);
}
