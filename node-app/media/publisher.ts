import type { FleetError } from '../../core/errors';
import type { PeerInfo } from '../../core/protocol/demo/peer-info';
import type { PeerEntities } from './peer-entities';
import type { RoomRouter } from './room-router';

/** Who can have producers in a room: a peer, or a broadcaster. */
export interface Publisher {
  readonly peerId: string;
  readonly entities: PeerEntities;
  /** The router at which it sits. */
  readonly roomRouter: RoomRouter;
  /** Whether the others know of it. */
  readonly joined: boolean;
  readonly closed: boolean;
  info(): PeerInfo;
  /** Closes its objects and tells the room. Idempotent. */
  close(reason?: FleetError): void;
}
