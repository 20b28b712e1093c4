import type { Logger } from 'pino';

/** Takes over a promise that nobody waits for: its failure is logged instead of ending the process. */
export function supervise(promise: Promise<unknown>, logger: Logger, what: string): void {
  promise.catch((error: unknown) => {
    logger.warn({ err: error }, `${what} failed`);
  });
}
