import {
  CompleteLifecycleActionCommand,
  RecordLifecycleActionHeartbeatCommand,
  type AutoScalingClient,
} from '@aws-sdk/client-auto-scaling';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../../core/clock';

export interface LifecycleActionsOptions {
  client: Pick<AutoScalingClient, 'send'>;
  autoScalingGroupName: string;
  instanceId: string;
  /** @default no hook: nothing to complete */
  launchHook?: string | undefined;
  /** @default no hook: nothing to keep alive */
  terminateHook?: string | undefined;
  /** Heartbeat time-out of the terminate hook, seconds; it is renewed after a third of it. */
  heartbeatTimeoutSeconds: number;
  clock: Clock;
  logger: Logger;
}

const LAUNCH_ATTEMPTS = 10;
const LAUNCH_RETRY_MS = 3_000;

/** This instance's own lifecycle actions: it says when it serves, and keeps the wait open while it drains. */
export class LifecycleActions {
  readonly #options: LifecycleActionsOptions;
  #heartbeats: Timer | undefined;
  #completing: Promise<void> | undefined;
  #closed = false;

  constructor(options: LifecycleActionsOptions) {
    this.#options = options;
  }

  /**
   * The node serves (or waits in the warm pool): Auto Scaling may go on. An instance that never says so is replaced
   * when the hook ends, and an instance refresh with a broken image fails. Never rejects.
   */
  async completeLaunch(): Promise<void> {
    this.#completing ??= this.#completeLaunch().finally(() => {
      this.#completing = undefined;
    });
    return this.#completing;
  }

  /** Renews the wait of the terminate hook until `isLeaving` says no more, or the action is over. Idempotent. */
  keepAlive(isLeaving: () => boolean): void {
    const { terminateHook, clock, heartbeatTimeoutSeconds } = this.#options;
    if (terminateHook === undefined || this.#heartbeats || this.#closed) return;
    const beat = () => {
      if (isLeaving()) void this.#heartbeat(terminateHook);
      else this.#heartbeats?.cancel();
    };
    this.#heartbeats = clock.setRepeating((heartbeatTimeoutSeconds * 1_000) / 3, beat);
    beat();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#heartbeats?.cancel();
  }

  async #completeLaunch(): Promise<void> {
    const { client, autoScalingGroupName, instanceId, launchHook, clock, logger } = this.#options;
    if (launchHook === undefined) return;
    for (let attempt = 1; attempt <= LAUNCH_ATTEMPTS && !this.#closed; attempt += 1) {
      try {
        await client.send(
          new CompleteLifecycleActionCommand({
            AutoScalingGroupName: autoScalingGroupName,
            LifecycleHookName: launchHook,
            InstanceId: instanceId,
            LifecycleActionResult: 'CONTINUE',
          }),
        );
        logger.info('launch completed');
        return;
      } catch (error) {
        // A node that is started again on a serving instance has no action to complete; a fresh instance may be a
        // moment ahead of its own.
        if (attempt < LAUNCH_ATTEMPTS && !this.#closed) {
          await new Promise<void>((resolve) => clock.setTimer(LAUNCH_RETRY_MS, resolve));
        } else if (isNoAction(error)) {
          logger.info('no launch to complete');
        } else {
          logger.error({ err: error }, 'the launch could not be completed');
        }
      }
    }
  }

  async #heartbeat(terminateHook: string): Promise<void> {
    const { client, autoScalingGroupName, instanceId, logger } = this.#options;
    try {
      await client.send(
        new RecordLifecycleActionHeartbeatCommand({
          AutoScalingGroupName: autoScalingGroupName,
          LifecycleHookName: terminateHook,
          InstanceId: instanceId,
        }),
      );
    } catch (error) {
      // Also before the hook begins to wait; two more renewals fit into its time-out.
      logger.warn({ err: error }, isNoAction(error) ? 'no terminate action waits' : 'a heartbeat failed');
    }
  }
}

/** Auto Scaling answers `ValidationError: No active Lifecycle Action found …`. */
function isNoAction(error: unknown): boolean {
  return error instanceof Error && /no active lifecycle action/i.test(error.message);
}
