import type { FleetError } from '../../core/errors';
import type { PeerInfo } from '../../core/protocol/demo/peer-info';
import type { RoomOptions } from '../../core/room-options';
import type { PeerEntities } from './peer-entities';
import type { DataPublication, Publication } from './publication';
import type { RoomRouter } from './room-router';

/** Who can send in a room: a peer, or a broadcaster, here or on another node. */
export interface Publisher {
  readonly peerId: string;
  /** Which of two with the same id is the newer one, over all nodes of the room: the higher. */
  readonly stamp: number;
  /** What its token says of the room. */
  readonly roomOptions?: RoomOptions | undefined;
  /** Whether the others know of it. */
  readonly joined: boolean;
  /** The node from which it has migrated. */
  readonly migratedFrom?: string | undefined;
  /** It has migrated to another node: only who receives it already has to do with it. @default false */
  readonly succeeded?: boolean;
  /** It is counted, and not listed (`Roster`). @default false */
  readonly isAudience?: boolean;
  readonly closed: boolean;
  publications(): Publication[];
  dataPublications(): DataPublication[];
  info(): PeerInfo;
}

/** A publisher of this node. */
export interface LocalPublisher extends Publisher {
  isAudience?: boolean;
  readonly entities: PeerEntities;
  /** The router at which it sits. */
  readonly roomRouter: RoomRouter;
  /** Closes its objects and tells the room. Idempotent. */
  close(reason?: FleetError): void;
}
