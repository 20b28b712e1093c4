import { errors } from 'mediasoup';
import { FleetError } from '../../core/errors';

/** Longest part of a mediasoup message that is passed on. */
const MAX_MESSAGE_CHARACTERS = 300;

/** When a client whose worker died may try again where there is no other: the pool has usually replaced it by then. */
export const WORKER_RETRY_AFTER_MS = 500;

/**
 * Runs a call to mediasoup and maps its failure: a dead worker, an object that is gone, or (everything else)
 * parameters that mediasoup does not accept.
 */
export async function callMediasoup<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fromMediasoup(error);
  }
}

export function fromMediasoup(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  if (error instanceof errors.WorkerClosedError) return workerDied(error);
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE_CHARACTERS);
  if (error instanceof errors.NotFoundError) {
    return new FleetError('FLEET_ERR_NOT_FOUND', { message, cause: error });
  }
  return new FleetError('FLEET_ERR_BAD_REQUEST', { message, cause: error });
}

export function workerDied(cause?: unknown): FleetError {
  return new FleetError('FLEET_ERR_WORKER_DIED', { retryAfterMs: WORKER_RETRY_AFTER_MS, cause });
}
