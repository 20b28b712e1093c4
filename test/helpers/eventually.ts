/** How long a test waits for something to come, milliseconds: the end of a hang, no measure of a machine. */
export const PATIENCE_MS = 60_000;

export interface EventuallyOptions {
  /** Give up after this long, milliseconds. @default PATIENCE_MS */
  timeoutMs?: number;
  /** Pause between attempts, milliseconds. @default 50 */
  intervalMs?: number;
}

/**
 * Calls `probe` until it neither throws nor gives `false` or `undefined`, and gives its value. In place of sleeping:
 * a test waits exactly as long as it must, and fails with the probe's last error.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + (options.timeoutMs ?? PATIENCE_MS);
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) {
      throw new Error('the condition was not met in time', { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 50));
  }
}
