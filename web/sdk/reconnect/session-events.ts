import type {
  EXTENSION_METHODS,
  GatewayClosing,
  RoomPlacementChanged,
} from '../../../core/protocol/fleet-extensions';
import type { ProtooMessage } from '../../../core/protocol/protoo';
import { isRecord } from '../signalling/frames';
import type { ReconnectTrigger } from './reconnect-policy';

const GATEWAY_CLOSING: (typeof EXTENSION_METHODS)['gatewayClosing'] = 'gatewayClosing';
const ROOM_PLACEMENT_CHANGED: (typeof EXTENSION_METHODS)['roomPlacementChanged'] = 'roomPlacementChanged';

/** The reason for a new connection in a message of the server, if it is one. */
export function extensionOf(message: ProtooMessage): ReconnectTrigger | undefined {
  if (!('notification' in message)) return undefined;
  const kind = (
    { [GATEWAY_CLOSING]: 'gateway-closing', [ROOM_PLACEMENT_CHANGED]: 'placement-changed' } as const
  )[message.method];
  if (!kind) return undefined;
  const { retryAfterMs }: Partial<GatewayClosing & RoomPlacementChanged> = isRecord(message.data)
    ? message.data
    : {};
  return { kind, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : 0 };
}
