/**
 * The port through which everything reads time and waits, so that tests and the simulator can use a virtual
 * clock. Never call `Date.now()` or `setTimeout()` in code that has a clock.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970. May jump; use it for records that people or other nodes read. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. Use it for durations and deadlines. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` every `intervalMs`, first after one interval. */
  setRepeating(intervalMs: number, callback: () => void): Timer;
}

/** A pending call of {@link Clock}. `cancel()` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** A number in [0, 1), as `Math.random()` gives it. Passed in, so that tests can choose it. */
export type RandomSource = () => number;
