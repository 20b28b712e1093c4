import type { Clock } from '../../core/clock';

/** The work's value, or undefined when it takes longer; it then goes on unheard. Rejects as the work does. */
export async function within<T>(work: Promise<T>, limitMs: number, clock: Clock): Promise<T | undefined> {
  let expire: (() => void) | undefined;
  const limit = new Promise<undefined>((resolve) => {
    expire = () => resolve(undefined);
  });
  const timer = clock.setTimer(Math.max(0, limitMs), () => expire?.());
  try {
    return await Promise.race([work, limit]);
  } finally {
    timer.cancel();
    work.catch(() => undefined);
  }
}
