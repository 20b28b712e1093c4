import type { Logger } from 'pino';
import type { Clock } from '../../core/clock';

/** So many sessions in a row that could not be opened are no accident. */
const MAX_FAILURES_IN_A_ROW = 3;
/** Until it is tried again, milliseconds. */
const REST_MS = 30_000;

/**
 * Notices that a node can not open sessions for a fault of its own. One that fails fast looks idle to placement, and would
 * attract every new room of the fleet.
 */
export class FailingJoins {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #failures = 0;
  #restsUntilMs = 0;

  constructor({ clock, logger }: { clock: Clock; logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** New rooms should go to other nodes for now. */
  get isResting(): boolean {
    return this.#clock.monotonicMs() < this.#restsUntilMs;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#restsUntilMs = 0;
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures < MAX_FAILURES_IN_A_ROW) return;
    this.#restsUntilMs = this.#clock.monotonicMs() + REST_MS;
    this.#logger.error(
      { failures: this.#failures, restMs: REST_MS },
      'this node can not open sessions: it takes no new rooms for now',
    );
  }
}
