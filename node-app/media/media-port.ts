import type { FleetError } from '../../core/errors';
import type { PeerRole } from '../../core/capacity/egress-model';
import type { Claim } from '../../core/placement/placement-port';
import type { PeerGrants } from '../../core/session/session-port';

/** What the session layer needs of the media side. `MediaNode` implements it. */
export interface MediaPort {
  /**
   * Enters a peer into its room, creating the room (a router on the least loaded worker) when needed. An
   * earlier peer with the same id is closed with FLEET_ERR_PEER_REPLACED.
   */
  openPeer(options: OpenPeerOptions): Promise<SignalledPeer>;
}

export interface OpenPeerOptions {
  roomId: string;
  peerId: string;
  epoch: number;
  claim: Claim;
  grants: PeerGrants;
  /** What the claim was made for. @default what the grants allow */
  role?: PeerRole | undefined;
  /** The room's nodes, home first. @default only this one */
  nodes?: string[] | undefined;
  /** How nodes reach the home's link listener. */
  homeLinkAddress?: string | undefined;
  remoteAddress: string;
  /** The node from which the peer migrates: nobody hears of it here until it takes over. */
  migratesFrom?: string | undefined;
  channel: PeerChannel;
}

/** A peer as its signalling sees it. */
export interface SignalledPeer {
  /** Answers a request of the client. @throws FleetError */
  handleRequest(method: string, data: unknown): Promise<unknown>;
  /** A bad notification is logged and dropped; it never throws. */
  handleNotification(method: string, data: unknown): void;
  /**
   * Closes the peer's transports and tells the room. Idempotent.
   * @param reason why, for events; none: the client left on purpose
   */
  close(reason?: FleetError): void;
}

/** How the media side reaches the client. */
export interface PeerChannel {
  notify(method: string, data?: unknown): void;
  /** Rejects with a FleetError when the client refuses or the session ends. */
  request(method: string, data?: unknown): Promise<unknown>;
  /** The media side ends the peer (replaced, removed, room closed, worker died). */
  close(error: FleetError): void;
  /** The client says that it could not migrate. */
  migrationFailed(): void;
  /** The peer goes on on another node; this one ends soon. */
  succeeded(): void;
  /** The peer has taken the place of the one from which it migrated. */
  tookOver(): void;
}
