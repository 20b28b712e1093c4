import type { FleetError, SerializedFleetError } from '../errors';
import { CLOSE_CODES } from '../protocol/protoo';
import type { SessionClose } from './session-port';

/**
 * The WebSocket close code for an error. protoo-client stays away only after `final`, so whatever may succeed
 * on a new connection gets another one.
 */
export function closeCodeFor(error: SerializedFleetError): number {
  switch (error.code) {
    // The session is gone, the room is not: a fresh connection joins again.
    case 'FLEET_ERR_SESSION_GONE':
    case 'FLEET_ERR_ROOM_MOVED':
    case 'FLEET_ERR_NODE_UNREACHABLE':
    case 'FLEET_ERR_SHUTTING_DOWN':
    case 'FLEET_ERR_WORKER_DIED':
      return CLOSE_CODES.moved;
    case 'FLEET_ERR_NO_CAPACITY':
    case 'FLEET_ERR_PLACEMENT_UNAVAILABLE':
    case 'FLEET_ERR_INTERNAL':
      return CLOSE_CODES.tryAgainLater;
    case 'FLEET_ERR_RATE_LIMITED':
    case 'FLEET_ERR_BAD_MESSAGE':
    case 'FLEET_ERR_MESSAGE_TOO_LARGE':
      return CLOSE_CODES.policyViolation;
    default:
      return CLOSE_CODES.final;
  }
}

export function sessionCloseFor(error: FleetError): SessionClose {
  const serialized = error.toJSON();
  return { closeCode: closeCodeFor(serialized), error: serialized };
}
