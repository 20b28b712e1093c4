import type { Clock, Timer } from '../clock';

export interface KeepaliveOptions {
  clock: Clock;
  /** Asks the server for a sign of life. */
  ping: () => void;
  /** None came. Called once at most. */
  onLost: () => void;
}

/**
 * After so long a silence the server is asked, and after so much more without an answer the connection is lost,
 * milliseconds: together well within the 15 s for which a session outlives its connection.
 */
const SILENCE_MS = 5_000;
const ANSWER_MS = 4_000;
/** Time for the answer when there is another reason to doubt the connection, milliseconds. */
const ANSWER_IN_DOUBT_MS = 2_000;

/** A client's watch over a connection, for the end that nobody tells: the machine at its other end lost its power. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #heardAtMs: number;
  #timer: Timer;
  #isAsking = false;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#heardAtMs = options.clock.monotonicMs();
    this.#timer = this.#after(SILENCE_MS, () => this.#look());
  }

  /** Something came. */
  heard(): void {
    this.#heardAtMs = this.#options.clock.monotonicMs();
  }

  /** Asks at once, unless it is asking already: something else makes the connection doubtful. */
  check(): void {
    if (this.#isAsking) return;
    this.#timer.cancel();
    this.#ask(ANSWER_IN_DOUBT_MS);
  }

  /** Idempotent. */
  close(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const restMs = this.#heardAtMs + SILENCE_MS - this.#options.clock.monotonicMs();
    if (restMs > 0) this.#timer = this.#after(restMs, () => this.#look());
    else this.#ask(ANSWER_MS);
  }

  #ask(answerMs: number): void {
    const { clock, ping, onLost } = this.#options;
    const askedAtMs = clock.monotonicMs();
    this.#isAsking = true;
    this.#timer = this.#after(answerMs, () => {
      this.#isAsking = false;
      if (this.#heardAtMs >= askedAtMs) this.#look();
      else onLost();
    });
    ping();
  }

  #after(delayMs: number, then: () => void): Timer {
    return this.#options.clock.setTimer(delayMs, then);
  }
}
