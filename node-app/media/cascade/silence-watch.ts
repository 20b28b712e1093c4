import type { Logger } from 'pino';
import type { Clock, Timer } from '../../../core/clock';

export interface SilenceWatchOptions {
  /** Whether the lane is open and something is wanted through it. */
  isWanted: () => boolean;
  /** Bytes that arrived at this end since the lane was opened. */
  received: () => Promise<number>;
  /** Bytes that the other end has sent. */
  sent: () => Promise<number>;
  /** What is sent doesn't arrive. Once. */
  onSilent: () => void;
  clock: Clock;
  logger: Logger;
}

/** After this time without a byte the other end is asked what it sends. */
const ASK_AFTER_MS = 4_000;
/** And what it had sent by then gets this long to arrive. */
const ARRIVAL_MS = 1_000;

/**
 * Notices that what is wanted through a lane is sent and doesn't arrive: the nodes reach each other by signalling and
 * not by UDP. That nothing arrives proves nothing by itself, since whoever publishes may be silent: so the source is
 * asked how much it sent, and only then.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #timer: Timer | undefined;
  #receivedBefore = 0;
  /** What the source had sent when it was last asked in this silence; nothing can have arrived of a new lane. */
  #sentBefore = 0;
  #closed = false;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  /** What is wanted has changed. */
  review(): void {
    if (this.#closed || this.#timer !== undefined || !this.#options.isWanted()) return;
    this.#wait(ASK_AFTER_MS, () => this.#check());
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #wait(delayMs: number, then: () => Promise<void>): void {
    const { clock, logger } = this.#options;
    this.#timer = clock.setTimer(delayMs, () => {
      then().catch((error: unknown) => {
        // The lane has gone, or the channel to the source is down: both have their own consequences.
        logger.debug({ err: error }, 'what arrives through a pipe is not known');
        this.#again();
      });
    });
  }

  async #check(): Promise<void> {
    if (await this.#hasReceived()) return this.#again();
    const sent = await this.#options.sent();
    const sends = sent > this.#sentBefore;
    this.#sentBefore = sent;
    if (this.#closed) return;
    if (!sends) return this.#again();
    this.#wait(ARRIVAL_MS, async () => {
      if ((await this.#hasReceived()) || !this.#options.isWanted()) return this.#again();
      if (this.#closed) return;
      this.close();
      this.#options.onSilent();
    });
  }

  async #hasReceived(): Promise<boolean> {
    const received = await this.#options.received();
    const more = received > this.#receivedBefore;
    this.#receivedBefore = received;
    // Whatever the source has sent so far may be among it.
    if (more) this.#sentBefore = Number.MAX_SAFE_INTEGER;
    return more;
  }

  #again(): void {
    this.#timer = undefined;
    this.review();
  }
}
