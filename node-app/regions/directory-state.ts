import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../core/clock';
import type { FleetError } from '../../core/errors';
import { PRESENCE_LEASE_MS } from '../../core/protocol/region-link';

/** Failures in a row after which a directory is taken for away; or one question without an answer for a lease's time. */
const FAILURES_UNTIL_AWAY = 2;
/** Between two attempts to reach one that is away, milliseconds: doubled up to the last. Each with a jitter of half. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 1_000;

export interface DirectoryStateOptions {
  region: string;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** Whether one region's directory answers this node. */
export class DirectoryState {
  readonly region: string;
  readonly #options: DirectoryStateOptions;
  #busySinceMs: number | undefined;
  #failures = 0;
  #wasAway = false;
  #retryMs = FIRST_RETRY_MS;
  #dueMs = 0;

  constructor(options: DirectoryStateOptions) {
    this.region = options.region;
    this.#options = options;
  }

  /** A question is under way. */
  get isBusy(): boolean {
    return this.#busySinceMs !== undefined;
  }

  /** It doesn't answer: the next region in a room's order serves. */
  get isAway(): boolean {
    return this.#wasAway || this.#isSilent;
  }

  /** One that is away is to be asked again now. */
  get isDue(): boolean {
    return this.isAway && !this.isBusy && this.#nowMs >= this.#dueMs;
  }

  begin(): void {
    this.#busySinceMs = this.#nowMs;
  }

  /** True when it was away before. */
  answered(): boolean {
    const { isAway } = this;
    this.#busySinceMs = undefined;
    this.#failures = 0;
    this.#wasAway = false;
    this.#retryMs = FIRST_RETRY_MS;
    if (isAway) this.#options.logger.info({ region: this.region }, 'the directory of a region answers again');
    return isAway;
  }

  /** True when it is away with this. */
  failed(error: FleetError): boolean {
    const { random, logger, clock } = this.#options;
    const before = this.#wasAway;
    const wasSilent = this.#isSilent;
    this.#busySinceMs = undefined;
    this.#failures += 1;
    this.#wasAway = before || wasSilent || this.#failures >= FAILURES_UNTIL_AWAY;
    if (before) this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    this.#dueMs = clock.monotonicMs() + this.#retryMs * (0.5 + random());
    if (before || !this.#wasAway) return false;
    logger.warn(
      { region: this.region, code: error.code, err: error },
      'the directory of a region does not answer: the next one serves',
    );
    return true;
  }

  get #isSilent(): boolean {
    return this.#busySinceMs !== undefined && this.#nowMs - this.#busySinceMs >= PRESENCE_LEASE_MS;
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }
}
