import type { Clock, Timer } from '../../../core/protocol/for-browsers';

export interface ReceptionWatchOptions {
  clock: Clock;
  /**
   * Of all that should come, when the newest was played or shown, on any clock; undefined: nothing should come, or nothing
   * has been shown yet.
   */
  newestAt: () => number | undefined;
  /** All of it has stopped. Called again only after something has come. */
  onStopped: () => void;
}

const LOOK_EVERY_MS = 250;
/** Longer than the 400 ms between two packets of a microphone in which nobody speaks, milliseconds. */
const STOPPED_AFTER_MS = 1_500;

/**
 * Notices within two seconds that no media comes any more. A browser's ICE takes five to say so, and a node that lost its
 * power says nothing.
 */
export class ReceptionWatch {
  readonly #options: ReceptionWatchOptions;
  #timer: Timer | undefined;
  #newestAt: number | undefined;
  #changedAtMs = 0;
  #told = false;

  constructor(options: ReceptionWatchOptions) {
    this.#options = options;
  }

  /** Idempotent. */
  start(): void {
    this.#timer ??= this.#options.clock.setRepeating(LOOK_EVERY_MS, () => this.#look());
  }

  /** Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const { clock, newestAt, onStopped } = this.#options;
    const newest = newestAt();
    const nowMs = clock.monotonicMs();
    if (newest === undefined || newest !== this.#newestAt) {
      this.#newestAt = newest;
      this.#changedAtMs = nowMs;
      this.#told = false;
    } else if (!this.#told && nowMs - this.#changedAtMs >= STOPPED_AFTER_MS) {
      this.#told = true;
      onStopped();
    }
  }
}
