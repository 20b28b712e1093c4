import type { Clock, Timer } from '../../core/clock';

interface Pending {
  dueMs: number;
  order: number;
  callback: () => void;
  intervalMs: number | undefined;
}

/** A clock that moves only when the test says so. Timers of the same moment run in the order they were set. */
export class ManualClock implements Clock {
  private timeMs = 1_000_000;
  private order = 0;
  private readonly pending = new Set<Pending>();

  nowMs(): number {
    return this.timeMs;
  }

  monotonicMs(): number {
    return this.timeMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.add(delayMs, callback, undefined);
  }

  setRepeating(intervalMs: number, callback: () => void): Timer {
    return this.add(intervalMs, callback, intervalMs);
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.pending.size;
  }

  /** Moves on by `ms`, running what falls due, and lets promises settle before, between and after. */
  async advance(ms: number): Promise<void> {
    const endMs = this.timeMs + ms;
    await settle();
    for (;;) {
      const next = [...this.pending]
        .filter(({ dueMs }) => dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      if (!next) break;
      this.timeMs = Math.max(this.timeMs, next.dueMs);
      if (next.intervalMs === undefined) this.pending.delete(next);
      else next.dueMs += next.intervalMs;
      next.callback();
      await settle();
    }
    this.timeMs = endMs;
  }

  private add(delayMs: number, callback: () => void, intervalMs: number | undefined): Timer {
    const pending = { dueMs: this.timeMs + delayMs, order: this.order++, callback, intervalMs };
    this.pending.add(pending);
    return { cancel: () => this.pending.delete(pending) };
  }
}

/** Lets every promise that is ready run, however long its chain. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
