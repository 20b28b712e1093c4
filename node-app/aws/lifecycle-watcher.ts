import type { Logger } from 'pino';
import type { Clock, Timer } from '../../core/clock';
import type { InstanceMetadata, SpotAction, TargetLifecycleState } from './instance-metadata';

export interface LifecycleWatcherOptions {
  metadata: Pick<InstanceMetadata, 'targetLifecycleState' | 'spotAction'>;
  /** Auto Scaling wants another state; also called with the first one that is seen. */
  onTargetState: (state: TargetLifecycleState) => void;
  /** EC2 takes the instance back. Called once. */
  onSpotAction: (action: SpotAction) => void;
  clock: Clock;
  logger: Logger;
  /**
   * Milliseconds. @default 2_000: with a reading that is tried three times, a change is acted upon within 5 s. The
   * service answers from the host and without cost.
   */
  intervalMs?: number;
}

/**
 * Watches what Auto Scaling and EC2 have in mind for this instance, by its own metadata: the same that the events
 * tell the drain Lambda, so that a node leaves in time when an event is lost or late.
 */
export class LifecycleWatcher {
  readonly #options: LifecycleWatcherOptions;
  #timer: Timer | undefined;
  #state: TargetLifecycleState | undefined;
  #spotNoticed = false;
  #reading = false;
  #isFailing = false;

  constructor(options: LifecycleWatcherOptions) {
    this.#options = options;
  }

  /** Reads at once, and then for ever. Resolves after the first reading; never rejects. */
  async start(): Promise<void> {
    this.#timer ??= this.#options.clock.setRepeating(this.#options.intervalMs ?? 2_000, () => {
      void this.#read();
    });
    await this.#read();
  }

  /** Idempotent. */
  close(): void {
    this.#timer?.cancel();
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const { metadata, logger } = this.#options;
    try {
      const [state, spot] = await Promise.all([metadata.targetLifecycleState(), metadata.spotAction()]);
      if (this.#isFailing) logger.info('instance metadata answers again');
      this.#isFailing = false;
      if (spot && !this.#spotNoticed) {
        this.#spotNoticed = true;
        logger.warn({ spot }, 'EC2 takes this spot instance back');
        this.#options.onSpotAction(spot);
      }
      if (state !== undefined && state !== this.#state) {
        logger.info({ from: this.#state, to: state }, 'Auto Scaling wants another state');
        this.#state = state;
        this.#options.onTargetState(state);
      }
    } catch (error) {
      // Not knowing is no reason to leave.
      if (!this.#isFailing) logger.warn({ err: error }, 'instance metadata can not be read');
      this.#isFailing = true;
    } finally {
      this.#reading = false;
    }
  }
}
