import { FleetError } from '../../../core/errors';
import {
  broadcasterOperations,
  type BroadcasterOperation,
} from '../../../core/protocol/demo/broadcaster-operations';
import { parseOrThrow } from '../../../core/protocol/demo/client-messages';
import type { Room } from '../room';
import { broadcasterHandlers } from './broadcaster-handlers';

/** @throws FleetError FLEET_ERR_UNKNOWN_METHOD, FLEET_ERR_BAD_REQUEST, or what the operation throws */
export async function runBroadcasterOperation<O extends BroadcasterOperation>(
  room: Room,
  operation: O,
  params: unknown,
): Promise<unknown> {
  if (!Object.hasOwn(broadcasterOperations, operation)) {
    throw new FleetError('FLEET_ERR_UNKNOWN_METHOD', {
      message: `no operation ${String(operation).slice(0, 100)}`,
    });
  }
  const handler = broadcasterHandlers[operation];
  const schema: (typeof broadcasterOperations)[O] = broadcasterOperations[operation];
  return handler(room, parseOrThrow(schema, params) as Parameters<typeof handler>[1]);
}
