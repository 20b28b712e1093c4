import type { CapacityVector } from '../capacity/capacity-vector';

/** What placement writes down beside its answers: for scaling, which acts on it, and for audit. */
export type PlacementEvent = PlacementEventHead &
  (
    | {
        /**
         * A peer was refused, or is on a node that moves its peers away since no other had headroom: scale-out should
         * hear of it at once.
         */
        kind: 'no-capacity';
        roomId: string;
        /** The room's home, full like all other nodes; empty when no node had headroom for a new room. */
        nodeId: string;
        demand: CapacityVector;
      }
    | {
        /** A room has another home: the one before is gone, or has ended its part of the room. */
        kind: 'room-moved';
        roomId: string;
        fromNodeId: string;
        nodeId: string;
        epoch: number;
      }
    | {
        /** Redis came back empty or with lost writes: nodes assert their rooms anew. */
        kind: 'generation-began';
        nodeId: string;
      }
  );

interface PlacementEventHead {
  /** Rising; pass the last one read as `afterId`. */
  id: string;
  /** Milliseconds since 1970, Redis time. */
  atMs: number;
}
