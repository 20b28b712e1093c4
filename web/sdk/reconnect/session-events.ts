import type {
  EXTENSION_METHODS,
  GatewayClosing,
  RoomPlacementChanged,
} from '../../../core/protocol/fleet-extensions';
import type { ProtooMessage } from '../../../core/protocol/protoo';
import type { ReconnectTrigger } from '../../../core/protocol/reconnect-policy';
import type { FleetClientError } from '../errors';
import { isRecord } from '../signalling/frames';

const GATEWAY_CLOSING: (typeof EXTENSION_METHODS)['gatewayClosing'] = 'gatewayClosing';
const MIGRATE_SESSION: (typeof EXTENSION_METHODS)['migrateSession'] = 'migrateSession';
const ROOM_PLACEMENT_CHANGED: (typeof EXTENSION_METHODS)['roomPlacementChanged'] = 'roomPlacementChanged';

/** Whether the server asks the client to go on by a session on another node. */
export function asksToMigrate(message: ProtooMessage): boolean {
  return 'notification' in message && message.method === MIGRATE_SESSION;
}

/** The reason for a new connection in a message of the server, if it is one. */
export function extensionOf(message: ProtooMessage): ReconnectTrigger<FleetClientError> | undefined {
  if (!('notification' in message)) return undefined;
  const data: Partial<GatewayClosing & RoomPlacementChanged> = isRecord(message.data) ? message.data : {};
  const retryAfterMs = typeof data.retryAfterMs === 'number' ? data.retryAfterMs : 0;
  switch (message.method) {
    case GATEWAY_CLOSING:
      return { kind: 'gateway-closing', retryAfterMs };
    case ROOM_PLACEMENT_CHANGED:
      return {
        kind: 'placement-changed',
        reason: data.reason ?? 'moved',
        retryAfterMs,
        reopen: data.reopen === true,
      };
    default:
      return undefined;
  }
}
