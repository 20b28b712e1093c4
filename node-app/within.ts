import type { Clock, Timer } from '../core/clock';

/** Resolves with the work, or after `limitMs` without it; rejects only when the work does so in time. */
export async function within(work: Promise<void>, limitMs: number, clock: Clock): Promise<void> {
  let timer: Timer | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = clock.setTimer(limitMs, resolve);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    timer?.cancel();
  }
}
