import type { CapacityVector } from '../capacity/capacity-vector';
import {
  roomDemand,
  withExpectedPeers,
  type EgressModelParams,
  type RoomCounts,
} from '../capacity/egress-model';
import { fitsInto, maxVector, subtractVector, ZERO_VECTOR } from '../capacity/headroom';
import { takesNewPeers, takesNewRooms, type NodeState } from '../node-state';

/** A node as admission sees it. */
export interface AdmissionNode {
  state: NodeState;
  ready: boolean;
  /** Its lease has not lapsed. */
  alive: boolean;
  headroom: CapacityVector;
}

/** Whether a node may take a new room with that demand. A node without any headroom takes none, however small. */
export function admitsRoom(node: AdmissionNode, demand: CapacityVector): boolean {
  return (
    node.alive &&
    node.ready &&
    takesNewRooms(node.state) &&
    node.headroom.egressBps > 0 &&
    node.headroom.packetsPerSecond > 0 &&
    fitsInto(demand, node.headroom)
  );
}

/**
 * Whether a node may take one more peer of a room that lives there. A peer whose demand the room had reserved
 * before (`added` is zero) always may: it was promised.
 */
export function admitsPeer(node: AdmissionNode, added: CapacityVector): boolean {
  if (!node.alive || !takesNewPeers(node.state)) return false;
  return (added.egressBps <= 0 && added.packetsPerSecond <= 0) || fitsInto(added, node.headroom);
}

/** Size of a room that nothing is known about: the median of meetings in the workload model (docs/architecture.md). */
export const DEFAULT_EXPECTED_PEERS = 4;

/** What a new room reserves: its demand once the expected people are there. */
export function newRoomDemand(
  counts: RoomCounts,
  expectedPeers: number,
  params: EgressModelParams,
): CapacityVector {
  return roomDemand(withExpectedPeers(counts, expectedPeers, params), params);
}

/**
 * What a room must reserve in addition when it has `counts` peers after a join. Nothing, while the reservation
 * for its expected size covers that.
 */
export function addedDemand(
  counts: RoomCounts,
  reserved: CapacityVector,
  params: EgressModelParams,
): CapacityVector {
  return maxVector(ZERO_VECTOR, subtractVector(roomDemand(counts, params), reserved));
}
