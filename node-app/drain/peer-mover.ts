import type { PeerRole } from '../../core/capacity/egress-model';
import type { Occupant } from '../../core/drain/plan-drain';

/** A peer that is to leave this node. */
export interface LeavingPeer extends Occupant {
  /** What it does in its room, which decides what it needs elsewhere. */
  role: PeerRole;
}

/** `refused`: no other node has headroom for it now, or nobody can say; it stays as it was. `gone`: it has left. */
export type MoveResult = 'moved' | 'refused' | 'gone';

/** How a peer gets to another node of its room. */
export interface PeerMover {
  /** Never rejects. `isWanted` is asked before the peer notices anything. */
  move(peer: LeavingPeer, isWanted: () => boolean): Promise<MoveResult>;
}
