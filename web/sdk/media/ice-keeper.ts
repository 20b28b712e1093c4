import type { Clock, Timer } from '../../../core/protocol/for-browsers';

/** `disconnected` heals by itself when single packets were lost; restart when it stays, milliseconds. */
const DISCONNECTED_PATIENCE_MS = 2_000;
/** How long a restart may take before the next one, milliseconds. */
const RESTART_PATIENCE_MS = 8_000;
/** Then the transport itself is at fault, e.g. its node is gone. */
const MAX_RESTARTS = 3;

export interface IceKeeperOptions {
  clock: Clock;
  /** Restarts ICE with the server's new parameters; waits while there is no signalling. */
  restart: () => Promise<void>;
  /** Every restart was in vain. Called once. */
  onLost: () => void;
}

/** Restarts the ICE of one transport when it is disconnected, until it is connected again. */
export class IceKeeper {
  readonly #options: IceKeeperOptions;
  #state = 'new';
  #restarts = 0;
  #restarting = false;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: IceKeeperOptions) {
    this.#options = options;
  }

  /** Takes the transport's new connection state. */
  update(state: string): void {
    this.#state = state;
    if (state === 'connected') this.#restarts = 0;
    if (state === 'disconnected') this.#schedule(DISCONNECTED_PATIENCE_MS);
    else if (state === 'failed') this.checkNow();
    else this.#cancel();
    if (state === 'closed') this.close();
  }

  /** Restarts now if the transport is in trouble. */
  checkNow(): void {
    this.#cancel();
    if (this.#troubled && !this.#restarting && !this.#closed) void this.#restart();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  get #troubled(): boolean {
    return this.#state === 'disconnected' || this.#state === 'failed';
  }

  async #restart(): Promise<void> {
    if (this.#restarts >= MAX_RESTARTS) {
      this.close();
      this.#options.onLost();
      return;
    }
    this.#restarts += 1;
    this.#restarting = true;
    try {
      await this.#options.restart();
    } catch {
      // The next round tries again, or the session ends and this transport with it.
    } finally {
      this.#restarting = false;
    }
    if (this.#troubled) this.#schedule(RESTART_PATIENCE_MS);
  }

  #schedule(delayMs: number): void {
    if (this.#closed || this.#timer) return;
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.checkNow();
    });
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
