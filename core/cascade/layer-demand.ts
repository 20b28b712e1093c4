/** What is asked of a stream over a pipe. */
export interface WantedLayers {
  /** Those that are wanted now, all of them; none: nothing. An SVC layer brings those below it along. */
  readonly spatialLayers: readonly number[];
  /** The highest that anybody wants, in each of these. @default all */
  readonly temporalLayer?: number | undefined;
}

/** What one consumer of a pulled simulcast or SVC producer is after. */
export interface LayerDemand {
  /** The highest spatial layer that its client asked for. */
  preferredLayer: number;
  /** The highest temporal layer that its client asked for. @default all */
  preferredTemporalLayer?: number | undefined;
  /** What it receives now; undefined: nothing yet. */
  currentLayer: number | undefined;
  /** For how long it has been without the layer that it should get, milliseconds. */
  unsatisfiedMs: number;
}

/**
 * A consumer that doesn't reach its layer in this time is held back by its own network, not by ours: the layer
 * arrives in 2 to 3 s when nothing is in the way (measured).
 */
const HELD_BACK_MS = 5_000;

/** The layers that a simulcast producer receives at present, of its score per encoding (mediasoup: 0 to 10). */
export function liveLayersOf(score: readonly { encodingIdx: number; score: number }[]): number[] {
  return score.filter((stream) => stream.score > 0).map(({ encodingIdx }) => encodingIdx);
}

/** The highest of the layers that exist up to the one asked for; the lowest when all are above it. */
export function reachableLayer(preferredLayer: number, liveLayers: readonly number[]): number | undefined {
  const sorted = [...liveLayers].sort((a, b) => a - b);
  return sorted.findLast((layer) => layer <= preferredLayer) ?? sorted[0];
}

/** Whether a consumer has what it can get. */
export function isSatisfied(
  { preferredLayer, currentLayer }: Pick<LayerDemand, 'preferredLayer' | 'currentLayer'>,
  liveLayers: readonly number[],
): boolean {
  return currentLayer === reachableLayer(preferredLayer, liveLayers);
}

/**
 * The spatial layers that must cross a link for these consumers. One that has its layer needs that alone. One that is
 * on its way also needs something to look at until then. One that is held back by its network needs what it gets, and
 * the next layer above to climb to. Whoever has the best that there is and asked for more asks on: the publisher leaves
 * out what nobody wants.
 */
export function wantedLayers(demands: readonly LayerDemand[], liveLayers: readonly number[]): number[] {
  const live = [...liveLayers].sort((a, b) => a - b);
  const wanted = new Set<number>();
  for (const { preferredLayer, currentLayer, unsatisfiedMs } of demands) {
    const target = reachableLayer(preferredLayer, live);
    if (target === undefined) {
      // Nothing is known to be sent: whatever comes first is right.
      wanted.add(preferredLayer);
      continue;
    }
    if (currentLayer === target) {
      wanted.add(target);
      if (preferredLayer > target) wanted.add(preferredLayer);
      continue;
    }
    const present = currentLayer !== undefined && live.includes(currentLayer) ? currentLayer : live[0];
    if (present !== undefined) wanted.add(present);
    const next = live.find((layer) => currentLayer !== undefined && layer > currentLayer);
    if (unsatisfiedMs < HELD_BACK_MS) wanted.add(target);
    else if (next !== undefined && next <= target) wanted.add(next);
  }
  return [...wanted].sort((a, b) => a - b);
}

/** Asks for all that any of them asks for. */
export function joinWanted(all: readonly WantedLayers[]): WantedLayers {
  const asking = all.filter(({ spatialLayers }) => spatialLayers.length > 0);
  const spatialLayers = [...new Set(asking.flatMap((one) => one.spatialLayers))].sort((a, b) => a - b);
  const temporalLayers = asking.flatMap(({ temporalLayer }) => temporalLayer ?? []);
  const isLimited = asking.length > 0 && temporalLayers.length === asking.length;
  return isLimited ? { spatialLayers, temporalLayer: Math.max(...temporalLayers) } : { spatialLayers };
}

export function isSameWanted(left: WantedLayers, right: WantedLayers): boolean {
  return left.temporalLayer === right.temporalLayer && isSameLayers(left.spatialLayers, right.spatialLayers);
}

/** Of lists in ascending order. */
export function isSameLayers(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((layer, index) => layer === right[index]);
}

/**
 * Keeps layers for a while after the last one who wanted them: asking for a layer costs a key frame, which is many
 * packets at once for everybody who watches it.
 */
export class LayerHysteresis {
  readonly #keepMs: number;
  /** When each layer that is asked for was last wanted. */
  readonly #wantedAtMs = new Map<number, number>();

  /** @param keepMs how long a layer that nobody wants is kept, milliseconds */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** What to ask for, given what is wanted at this moment. */
  update(wanted: readonly number[], nowMs: number): number[] {
    for (const layer of wanted) this.#wantedAtMs.set(layer, nowMs);
    for (const [layer, atMs] of this.#wantedAtMs) {
      if (nowMs - atMs >= this.#keepMs && !wanted.includes(layer)) this.#wantedAtMs.delete(layer);
    }
    return [...this.#wantedAtMs.keys()].sort((a, b) => a - b);
  }
}
