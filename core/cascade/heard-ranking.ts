/** How loud a microphone is at present. */
export interface MicrophoneLevel {
  producerId: string;
  /** dBov, −127 to 0. */
  volume: number;
}

/** Whoever is heard stays heard at least so long against somebody louder, milliseconds. */
const MIN_HEARD_MS = 1_000;

interface Place {
  sinceMs: number;
  audibleAtMs: number;
}

export interface RankOptions {
  /** The microphones that pick something up, of the whole room, in any order. */
  levels: readonly MicrophoneLevel[];
  /** How many are heard. */
  places: number;
  nowMs: number;
}

/**
 * Which microphones of a room are heard: the loudest, who stay for a second at least, so that several who speak at once
 * don't cut each other into pieces. Who falls silent keeps the place until somebody else needs it, and then gives way
 * at once.
 */
export class HeardRanking {
  #places = new Map<string, Place>();

  get heard(): string[] {
    return Array.from(this.#places.keys());
  }

  /** Who is heard from now on. */
  rank({ levels, places, nowMs }: RankOptions): string[] {
    const before = this.#places;
    const louder = [...levels].sort(
      (a, b) => b.volume - a.volume || Number(before.has(b.producerId)) - Number(before.has(a.producerId)),
    );
    const audible = louder.map(({ producerId }) => producerId);
    const isAudible = new Set(audible);
    const isHeld = (id: string) =>
      nowMs - (before.get(id)?.sinceMs ?? Number.NEGATIVE_INFINITY) < MIN_HEARD_MS;
    const silent = [...before]
      .filter(([id]) => !isAudible.has(id))
      .sort(([, a], [, b]) => b.audibleAtMs - a.audibleAtMs)
      .map(([id]) => id);
    const order = new Set([...audible.filter(isHeld), ...audible, ...silent]);
    const heard = [...order].slice(0, places);
    this.#places = new Map(
      heard.map((id) => {
        const { sinceMs = nowMs, audibleAtMs = nowMs } = before.get(id) ?? {};
        return [id, { sinceMs, audibleAtMs: isAudible.has(id) ? nowMs : audibleAtMs }];
      }),
    );
    return heard;
  }

  /** Takes over what another one has found. */
  adopt(heard: readonly string[], nowMs: number): void {
    const before = this.#places;
    this.#places = new Map(heard.map((id) => [id, before.get(id) ?? { sinceMs: nowMs, audibleAtMs: nowMs }]));
  }

  /** Forgets the microphones that are no more. */
  retain(exists: (producerId: string) => boolean): void {
    for (const id of this.#places.keys()) if (!exists(id)) this.#places.delete(id);
  }

  clear(): void {
    this.#places.clear();
  }
}
