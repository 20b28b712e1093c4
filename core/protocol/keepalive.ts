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
/**
 * And where a new connection would do as well, milliseconds: after a cut, what is sent over an old one may wait for seconds
 * for TCP to try again, and a new one does not.
 */
const ANSWER_OR_CONNECT_MS = 1_000;

/** A client's watch over a connection, for the end that nobody tells: the machine at its other end lost its power. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  #heardAtMs: number;
  #timer: Timer;
  /** By when the answer has to come, monotonic milliseconds; undefined: nothing was asked. */
  #answerByMs: number | undefined;
  #asked = 0;
  #answered = 0;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
    this.#heardAtMs = options.clock.monotonicMs();
    this.#timer = this.#after(SILENCE_MS, () => this.#look());
  }

  /** Something came; an answer, when it is one. */
  heard({ isAnswer }: { isAnswer: boolean }): void {
    this.#heardAtMs = this.#options.clock.monotonicMs();
    if (isAnswer) this.#answered += 1;
  }

  /** Asks at once, unless it has asked and knows as soon: something else makes the connection doubtful. */
  check(): void {
    const knowsByMs = this.#options.clock.monotonicMs() + ANSWER_IN_DOUBT_MS;
    if (this.#answerByMs !== undefined && this.#answerByMs <= knowsByMs) return;
    const askedAtMs = this.#options.clock.monotonicMs();
    this.#ask(ANSWER_IN_DOUBT_MS, () => this.#heardAtMs >= askedAtMs);
  }

  /** Asks at once, and takes nothing but the answer to this, and soon: a new connection would do as well. */
  checkOrReplace(): void {
    this.#ask(ANSWER_OR_CONNECT_MS, () => this.#answered >= this.#asked);
  }

  /** Idempotent. */
  close(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const restMs = this.#heardAtMs + SILENCE_MS - nowMs;
    if (restMs > 0) this.#timer = this.#after(restMs, () => this.#look());
    else this.#ask(ANSWER_MS, () => this.#heardAtMs >= nowMs);
  }

  #ask(answerMs: number, isAlive: () => boolean): void {
    const { clock, ping, onLost } = this.#options;
    this.#timer.cancel();
    this.#asked += 1;
    this.#answerByMs = clock.monotonicMs() + answerMs;
    this.#timer = this.#after(answerMs, () => {
      this.#answerByMs = undefined;
      if (isAlive()) this.#look();
      else onLost();
    });
    ping();
  }

  #after(delayMs: number, then: () => void): Timer {
    return this.#options.clock.setTimer(delayMs, then);
  }
}
