import type { Clock, Timer } from '../../core/clock';

/** The machine's own time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, callback) => {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) } satisfies Timer;
  },
  setRepeating: (intervalMs, callback) => {
    const handle = setInterval(callback, intervalMs);
    return { cancel: () => clearInterval(handle) } satisfies Timer;
  },
};
