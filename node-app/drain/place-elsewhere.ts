import { FleetError } from '../../core/errors';
import type { PlacementPort } from '../../core/placement/placement-port';
import type { LeavingPeer } from './peer-mover';

export interface PlaceElsewhereOptions {
  /** This node. */
  nodeId: string;
  placement: Pick<PlacementPort, 'placePeer' | 'releaseClaim'>;
}

/**
 * Whether another node of its room takes a peer right now. It makes a claim of its own when it goes there, so nothing is
 * kept for it.
 * @param avoids the peer can't come back here, whatever placement thinks of this node; to `toNodeId` only, if given
 * @throws FleetError FLEET_ERR_NO_CAPACITY, FLEET_ERR_PLACEMENT_UNAVAILABLE
 */
export async function hasPlaceElsewhere(
  { nodeId, placement }: PlaceElsewhereOptions,
  { roomId, role }: LeavingPeer,
  avoids?: { toNodeId?: string | undefined },
): Promise<boolean> {
  const leaving = avoids && { avoidNodeId: nodeId, toNodeId: avoids.toNodeId };
  const place = await placement.placePeer({ roomId, role, ...leaving });
  await placement.releaseClaim({ nodeId: place.nodeId, roomId, seq: place.claim.seq });
  if (place.nodeId === nodeId) {
    throw new FleetError('FLEET_ERR_NO_CAPACITY', { message: 'no other node of the room has headroom' });
  }
  // One that was created: placement does not know that the room lives here, and so not where its others are.
  return !place.created;
}
