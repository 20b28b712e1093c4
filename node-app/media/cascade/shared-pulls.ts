import { FleetError } from '../../../core/errors';

/** A right to something that was pulled. It stays until all have released theirs. */
export interface Hold<T> {
  readonly value: T;
  /** Idempotent. */
  release(): void;
}

export interface SharedPullsOptions<T> {
  /** The last one released it. */
  drop: (id: string, value: T) => void;
  /** It is gone where it came from. */
  lose: (value: T) => void;
}

interface Entry<T> {
  holds: number;
  pulling: Promise<T>;
  /** Set once it is here. */
  value: T | undefined;
  lost: boolean;
}

/** Pulls each thing once, on the first demand, for all who want it; drops it with the last. */
export class SharedPulls<T> {
  readonly #options: SharedPullsOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(options: SharedPullsOptions<T>) {
    this.#options = options;
  }

  /** Those who want it at the same time share one pull, and its failure; who comes after a failure tries anew. */
  async hold(id: string, pull: () => Promise<T>): Promise<Hold<T>> {
    const entry = this.#entries.get(id) ?? this.#begin(id, pull);
    entry.holds += 1;
    const value = await entry.pulling;
    if (entry.lost)
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `${id} closed while it was pulled` });
    return this.#holdOf(id, entry, value);
  }

  /** What is here already, if it is. */
  holdHere(id: string): Hold<T> | undefined {
    const entry = this.#entries.get(id);
    if (entry?.value === undefined) return undefined;
    entry.holds += 1;
    return this.#holdOf(id, entry, entry.value);
  }

  /** How much is here or on its way. */
  get size(): number {
    return this.#entries.size;
  }

  #holdOf(id: string, entry: Entry<T>, value: T): Hold<T> {
    let released = false;
    return {
      value,
      release: () => {
        if (released) return;
        released = true;
        entry.holds -= 1;
        if (entry.holds > 0 || entry.lost) return;
        this.#entries.delete(id);
        this.#options.drop(id, value);
      },
    };
  }

  /** The source has no such thing any more. */
  lost(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.lost = true;
    this.#entries.delete(id);
    if (entry.value !== undefined) this.#options.lose(entry.value);
  }

  /** Everything is lost. */
  clear(): void {
    for (const id of Array.from(this.#entries.keys())) this.lost(id);
  }

  #begin(id: string, pull: () => Promise<T>): Entry<T> {
    const entry: Entry<T> = { holds: 0, pulling: pull(), value: undefined, lost: false };
    this.#entries.set(id, entry);
    entry.pulling.then(
      (value) => {
        entry.value = value;
        if (entry.lost) this.#options.lose(value);
      },
      () => {
        if (this.#entries.get(id) === entry) this.#entries.delete(id);
      },
    );
    return entry;
  }
}
