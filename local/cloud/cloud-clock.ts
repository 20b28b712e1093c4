import type { Clock, Timer } from '../../core/clock';

interface Pending {
  dueMs: number;
  /** Timers of one moment run in the order in which they were set. */
  order: number;
  callback: () => void;
  intervalMs: number | undefined;
}

/** Calls in a row without time passing: more is a loop that feeds itself. */
const MAX_CALLS_AT_ONCE = 100_000;

/**
 * The time of the local cloud, on top of a clock that may run faster than real time. What falls due runs in the order of
 * its due times, however late and in whatever lumps the clock below wakes it: at a high speed many moments share one
 * millisecond, and an alarm's evaluation must not overtake the metric before it.
 */
export class CloudClock implements Clock {
  /** By due time, then order. */
  private readonly pending: Pending[] = [];
  private order = 0;
  private wake: Timer | undefined;
  private wakeAtMs = Infinity;
  /** While timers run: the moment of the one that runs. */
  private runningAtMs: number | undefined;
  private latestMs = Number.NEGATIVE_INFINITY;
  private readonly offsetMs: number;

  constructor(private readonly below: Clock) {
    this.offsetMs = below.nowMs() - below.monotonicMs();
  }

  nowMs(): number {
    return this.monotonicMs() + this.offsetMs;
  }

  monotonicMs(): number {
    // A timer that comes late sees its own moment, unless somebody has seen a later one meanwhile: time never goes back.
    this.latestMs = Math.max(this.latestMs, this.runningAtMs ?? this.below.monotonicMs());
    return this.latestMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.add(delayMs, callback, undefined);
  }

  setRepeating(intervalMs: number, callback: () => void): Timer {
    return this.add(intervalMs, callback, intervalMs);
  }

  /** Forgets everything that waits. Idempotent. */
  close(): void {
    this.pending.length = 0;
    this.wake?.cancel();
  }

  private add(delayMs: number, callback: () => void, intervalMs: number | undefined): Timer {
    const dueMs = this.monotonicMs() + Math.max(0, delayMs);
    const entry: Pending = { dueMs, order: this.order++, callback, intervalMs };
    this.insert(entry);
    this.schedule();
    return {
      cancel: () => {
        const index = this.pending.indexOf(entry);
        if (index >= 0) this.pending.splice(index, 1);
        entry.intervalMs = undefined;
      },
    };
  }

  private insert(entry: Pending): void {
    let low = 0;
    let high = this.pending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.pending[middle];
      if (
        other &&
        (other.dueMs < entry.dueMs || (other.dueMs === entry.dueMs && other.order < entry.order))
      ) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.pending.splice(low, 0, entry);
  }

  private schedule(): void {
    // The loop of run() looks at what was added meanwhile.
    if (this.runningAtMs !== undefined) return;
    const next = this.pending[0];
    if (!next || next.dueMs >= this.wakeAtMs) return;
    this.wake?.cancel();
    this.wakeAtMs = next.dueMs;
    this.wake = this.below.setTimer(Math.max(0, next.dueMs - this.below.monotonicMs()), () => this.run());
  }

  private run(): void {
    this.wakeAtMs = Infinity;
    const untilMs = this.below.monotonicMs();
    try {
      for (let calls = 0; ; calls += 1) {
        const next = this.pending[0];
        if (!next || next.dueMs > untilMs) break;
        if (calls > MAX_CALLS_AT_ONCE)
          throw new Error('timers that set themselves again without time passing');
        this.pending.shift();
        this.runningAtMs = next.dueMs;
        if (next.intervalMs !== undefined) {
          next.dueMs += next.intervalMs;
          this.insert(next);
        }
        next.callback();
      }
    } finally {
      this.runningAtMs = undefined;
      this.schedule();
    }
  }
}
