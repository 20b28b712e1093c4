import { parseScalabilityMode, type types } from 'mediasoup';
import { isSatisfied, type LayerDemand } from '../../../core/cascade/layer-demand';
import type { Clock } from '../../../core/clock';

/** A consumer whose demand counts until it closes. */
export interface WatchedConsumer {
  /** mediasoup has no event for it. */
  preferredLayersChanged(): void;
}

export interface WatchedConsumersOptions {
  /** What they want may have changed. */
  onChanged: () => void;
  clock: Clock;
}

interface Watched {
  consumer: types.Consumer;
  /** The best layer since it was last satisfied; -1: none. */
  bestLayer: number;
  unsatisfiedSinceMs: number;
}

/** The consumers of one producer in one router, and what they are after. */
export class WatchedConsumers {
  readonly #options: WatchedConsumersOptions;
  readonly #watched = new Set<Watched>();

  constructor(options: WatchedConsumersOptions) {
    this.#options = options;
  }

  /** Somebody wants something. */
  get isWanted(): boolean {
    return this.#active().length > 0;
  }

  /** Counts a consumer's demand until it closes. */
  watch(consumer: types.Consumer): WatchedConsumer {
    const { onChanged } = this.#options;
    const watched: Watched = { consumer, bestLayer: -1, unsatisfiedSinceMs: 0 };
    this.#begin(watched);
    this.#watched.add(watched);
    const begin = () => {
      this.#begin(watched);
      onChanged();
    };
    consumer.observer.on('resume', begin);
    consumer.observer.on('pause', onChanged);
    consumer.observer.on('layerschange', onChanged);
    // A consumer that is paused while its producer still is says nothing of it.
    consumer.on('producerresume', onChanged);
    consumer.observer.once('close', () => {
      this.#watched.delete(watched);
      onChanged();
    });
    onChanged();
    return { preferredLayersChanged: begin };
  }

  /** Nobody could be satisfied up to now. */
  restart(): void {
    for (const watched of this.#watched) this.#begin(watched);
  }

  /** @param liveLayers the spatial layers that the publisher sends */
  demands(liveLayers: readonly number[]): LayerDemand[] {
    const nowMs = this.#options.clock.monotonicMs();
    return this.#active().map((watched) => demandOf(watched, liveLayers, nowMs));
  }

  #active(): Watched[] {
    return [...this.#watched].filter(({ consumer }) => !consumer.paused && !consumer.closed);
  }

  #begin(watched: Watched): void {
    watched.bestLayer = -1;
    watched.unsatisfiedSinceMs = this.#options.clock.monotonicMs();
  }
}

function demandOf(watched: Watched, liveLayers: readonly number[], nowMs: number): LayerDemand {
  const { consumer } = watched;
  const currentLayer = consumer.currentLayers?.spatialLayer;
  const preferredLayer = consumer.preferredLayers?.spatialLayer ?? 0;
  const satisfied = isSatisfied({ preferredLayer, currentLayer }, liveLayers);
  // Each step up is progress: what holds it back is still only time.
  if (satisfied || (currentLayer ?? -1) > watched.bestLayer) {
    watched.bestLayer = satisfied ? -1 : (currentLayer ?? -1);
    watched.unsatisfiedSinceMs = nowMs;
  }
  return {
    preferredLayer,
    preferredTemporalLayer: limitOf(consumer),
    currentLayer,
    unsatisfiedMs: nowMs - watched.unsatisfiedSinceMs,
  };
}

/** The highest temporal layer that its client asked for; undefined: all that there are. */
function limitOf({ preferredLayers, rtpParameters }: types.Consumer): number | undefined {
  const { temporalLayers } = parseScalabilityMode(rtpParameters.encodings?.[0]?.scalabilityMode);
  const preferred = preferredLayers?.temporalLayer ?? temporalLayers;
  return preferred < temporalLayers - 1 ? preferred : undefined;
}
