import type { PlacePeerRequest } from '../../core/placement/placement-port';
import type { RoomLinkMessage } from '../../core/protocol/room-link';

/** How the part of a room on this node reaches the parts on others. */
export interface RoomLinksPort {
  /**
   * Asks the room's home to take this node as an edge.
   * @throws FleetError FLEET_ERR_NOT_FOUND when the room isn't there, FLEET_ERR_ROOM_MOVED when that node isn't its
   * home, FLEET_ERR_NODE_UNREACHABLE
   */
  join(request: JoinRoomRequest): Promise<void>;
  /** Never throws; what can't be sent is lost with the link, which is told. */
  send(nodeId: string, roomId: string, message: RoomLinkMessage): void;
  /**
   * This node is no longer a neighbour of that one in this room. Never throws.
   * @param goesOn it stays part of the room all the same
   */
  leave(nodeId: string, roomId: string, goesOn: boolean): void;
}

export interface JoinRoomRequest {
  roomId: string;
  epoch: number;
  nodeId: string;
  linkAddress: string;
  /** This node is the room's home in its region, and that one in another, the room's root. @default false */
  isRegion?: boolean | undefined;
}

/** What this node does for the other nodes of its rooms. */
export interface RoomLinksHost {
  /** A node wants to be an edge of a room whose home is here. @throws FleetError as `RoomLinksPort.join` */
  edgeJoins(nodeId: string, roomId: string, epoch: number, isRegion?: boolean): Promise<void>;
  receive(nodeId: string, roomId: string, message: RoomLinkMessage): void;
  /** It is no longer a neighbour in this room; `goesOn`: it is part of the room all the same. */
  neighbourLeft(nodeId: string, roomId: string, goesOn: boolean): void;
  /** The link to it broke. */
  linkLost(nodeId: string): void;
}

/** Where a room lives, as placement says. */
export interface RoomPlace {
  /** Home first. */
  nodes: readonly string[];
  /** Of the home. */
  homeLinkAddress: string;
  epoch: number;
}

/** Placement, as far as an edge needs it to find its home. */
export interface HomeFinder {
  /**
   * @throws FleetError FLEET_ERR_PLACEMENT_UNAVAILABLE while it can't say, FLEET_ERR_NOT_FOUND when it doesn't know the
   * room, or not this node as part of it
   */
  findHome(request: {
    roomId: string;
    nodeId: string;
    evidence?: PlacePeerRequest['evidence'];
  }): Promise<RoomPlace>;
}
