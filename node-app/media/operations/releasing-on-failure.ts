import type { Hold } from '../cascade/shared-pulls';
import { callMediasoup } from '../mediasoup-errors';

/** Calls mediasoup for something that is held; gives it back when the call fails. */
export async function releasingOnFailure<T>(hold: Hold<unknown>, call: () => Promise<T>): Promise<T> {
  try {
    return await callMediasoup(call);
  } catch (error) {
    hold.release();
    throw error;
  }
}
