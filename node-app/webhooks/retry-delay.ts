import type { RandomSource } from '../../core/clock';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 300_000;

/**
 * How long to wait after so many failed tries: 1 s, doubling, at most 5 minutes, of which the upper half is
 * random so that rooms which failed together don't come back together. What the receiver asked for by
 * Retry-After counts when it is longer, up to the same limit.
 */
export function retryDelayMs(options: {
  failedAttempts: number;
  askedMs: number | undefined;
  random: RandomSource;
}): number {
  const doubled = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (options.failedAttempts - 1));
  const jittered = doubled * (0.5 + options.random() / 2);
  return Math.max(jittered, Math.min(options.askedMs ?? 0, LONGEST_DELAY_MS));
}
