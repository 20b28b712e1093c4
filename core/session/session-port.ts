import type { PeerRole } from '../capacity/egress-model';
import type { SerializedFleetError } from '../errors';
import type { Claim } from '../placement/placement-port';
import type { RoomOptions } from '../room-options';
import type { ProtooMessage } from '../protocol/protoo';

/**
 * A peer's session lives on its media node; a gateway is only its pipe. This port is that pipe: in-process
 * when gateway and media node are the same, else over the node link.
 */
export interface SessionHost {
  /** @throws FleetError FLEET_ERR_ROOM_MOVED, FLEET_ERR_SHUTTING_DOWN, FLEET_ERR_NODE_UNREACHABLE, … */
  open(request: SessionOpenRequest, downlink: SessionDownlink): Promise<SessionUplink>;
  /** Takes an existing session over, from whichever gateway held it. @throws FleetError FLEET_ERR_SESSION_GONE */
  resume(request: SessionResumeRequest, downlink: SessionDownlink): Promise<SessionUplink>;
  /**
   * Whether a session that was told to migrate is this client's, and what it may do elsewhere.
   * @throws FleetError FLEET_ERR_SESSION_GONE
   */
  migrate(request: SessionMigrateRequest): Promise<SessionMigration>;
}

export interface SessionOpenRequest {
  roomId: string;
  peerId: string;
  epoch: number;
  claim: Claim;
  grants: PeerGrants;
  /** What the claim was made for. */
  role: PeerRole;
  /** The client's address as the gateway saw it. */
  remoteAddress: string;
  /** The client acknowledges messages and may come back within the grace period. */
  resumable: boolean;
  /** Node id of the gateway, for logs and for the client's information. */
  gatewayNodeId: string;
  /** The room's nodes, home first. @default only the node that is asked */
  nodes?: string[] | undefined;
  /** How nodes reach the home's link listener. */
  homeLinkAddress?: string | undefined;
  /** The client can migrate. @default false */
  migratable?: boolean | undefined;
  /** The node from which the peer migrates; its session there goes on until this one takes over. */
  migratesFrom?: string | undefined;
}

export interface SessionMigrateRequest {
  roomId: string;
  peerId: string;
  resumeToken: string;
}

/** What the peer of a migrating session may do, and needs. */
export interface SessionMigration {
  grants: PeerGrants;
  role: PeerRole;
  /** Where it must go. @default where placement says */
  toNodeId?: string | undefined;
}

export interface SessionResumeRequest {
  roomId: string;
  peerId: string;
  resumeToken: string;
  /** `seq` of the last message the client has processed; later ones are sent again, in order. */
  lastSeq: number;
  remoteAddress: string;
  gatewayNodeId: string;
}

/** From the media node towards the client. */
export interface SessionDownlink {
  deliver(seq: number, message: ProtooMessage): void;
  /** The session ended, or was taken over by another gateway. Nothing is delivered after it. */
  closed(close: SessionClose): void;
}

/** From the client towards the media node. */
export interface SessionUplink {
  readonly sessionId: string;
  readonly resumeToken: string;
  /** Milliseconds; 0 for a client that did not ask for resume. */
  readonly graceMs: number;
  send(message: ProtooMessage): void;
  /** The client (or, for one that doesn't acknowledge, its socket) has everything up to `seq`. */
  acknowledge(seq: number): void;
  /** The client's connection was lost: the grace period begins (at once over for a client without resume). */
  detach(): void;
  /** The client left on purpose. */
  leave(): void;
}

export interface SessionClose {
  /** WebSocket close code for the client: see CLOSE_CODES. */
  closeCode: number;
  error: SerializedFleetError;
}

/** What a peer's access token allows. */
export interface PeerGrants {
  canPublish: boolean;
  canSubscribe: boolean;
  canPublishData: boolean;
  /** What it says of its room. @default nothing */
  roomOptions?: RoomOptions | undefined;
}
