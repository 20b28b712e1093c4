import type { Clock, Timer } from '../../../core/clock';
import { globalTimeoutSeconds, type LifecycleHook, type LifecycleResult } from './lifecycle-hook';

export interface LifecycleActionOptions {
  clock: Clock;
  hook: LifecycleHook;
  token: string;
  /** Called once, unless it is cancelled before. */
  onEnd: (result: LifecycleResult, why: 'completed' | 'timed-out') => void;
}

/** One hook that holds one instance. */
export class LifecycleAction {
  readonly hook: LifecycleHook;
  readonly token: string;
  private readonly globalDeadlineMs: number;
  private timer: Timer | undefined;
  private isOver = false;

  constructor(private readonly options: LifecycleActionOptions) {
    this.hook = options.hook;
    this.token = options.token;
    this.globalDeadlineMs = options.clock.monotonicMs() + globalTimeoutSeconds(this.hook) * 1_000;
    this.heartbeat();
  }

  /** Begins the whole timeout anew, within the global limit. Source: API reference, RecordLifecycleActionHeartbeat. */
  heartbeat(): void {
    if (this.isOver) return;
    this.timer?.cancel();
    const leftMs = this.globalDeadlineMs - this.options.clock.monotonicMs();
    const delayMs = Math.min(this.hook.heartbeatTimeoutSeconds * 1_000, leftMs);
    this.timer = this.options.clock.setTimer(delayMs, () => this.end(this.hook.defaultResult, 'timed-out'));
  }

  complete(result: LifecycleResult): void {
    this.end(result, 'completed');
  }

  /** What it held has gone another way. Idempotent. */
  cancel(): void {
    this.isOver = true;
    this.timer?.cancel();
  }

  private end(result: LifecycleResult, why: 'completed' | 'timed-out'): void {
    if (this.isOver) return;
    this.cancel();
    this.options.onEnd(result, why);
  }
}
