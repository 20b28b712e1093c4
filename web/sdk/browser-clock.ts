import type { Clock } from '../../core/protocol/for-browsers';

/** The browser's own time. */
export function createBrowserClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimer: (delayMs, callback) => {
      const handle = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
    setRepeating: (intervalMs, callback) => {
      const handle = setInterval(callback, intervalMs);
      return { cancel: () => clearInterval(handle) };
    },
  };
}
