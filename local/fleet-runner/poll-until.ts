import type { Clock } from '../../core/clock';

export interface PollOptions {
  clock: Clock;
  /** Pause between two attempts, milliseconds. */
  intervalMs: number;
  /** Milliseconds. */
  timeoutMs: number;
}

/** Calls `probe` until it gives true; false when the time is over. An attempt that has begun is awaited. */
export async function pollUntil(probe: () => Promise<boolean>, options: PollOptions): Promise<boolean> {
  const deadline = options.clock.monotonicMs() + options.timeoutMs;
  for (;;) {
    if (await probe()) return true;
    if (options.clock.monotonicMs() >= deadline) return false;
    await new Promise<void>((resolve) => options.clock.setTimer(options.intervalMs, resolve));
  }
}
