import type { FleetError } from '../../core/errors';
import type { RoomEndedReason } from '../../core/room-events';

/** Why a room ended, from the error that its peers were told; none: the last one left. */
export function roomEndedReasonOf(error: FleetError | undefined): RoomEndedReason {
  switch (error?.code) {
    case undefined:
      return 'empty';
    case 'FLEET_ERR_ROOM_MOVED':
      return 'moved';
    case 'FLEET_ERR_WORKER_DIED':
      return 'workerDied';
    case 'FLEET_ERR_SHUTTING_DOWN':
      return 'nodeStopped';
    default:
      return 'closed';
  }
}
