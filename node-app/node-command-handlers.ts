import type { Clock } from '../core/clock';
import { FleetError } from '../core/errors';
import type { PlacementPort } from '../core/placement/placement-port';
import type { NodeLeaving } from './drain/node-leaving';
import type { NodeCommandHandlers } from './link/node-commander';
import type { MediaNode } from './media/media-node';
import type { NodeStatus } from './node-status';

export interface NodeCommandParts {
  media: MediaNode;
  status: NodeStatus;
  deadlineClock: Clock;
  /** By this node's own way: what it passes on for others goes no further round. */
  placement: Pick<PlacementPort, 'heartbeat'>;
  /** Placement hears of the node's state before the operator does. */
  beat: () => Promise<void>;
  migrateRoom: NodeLeaving['migrateRoom'];
  /** Whether that peer's client has lost its connection, and may still come back. */
  isDetached: (roomId: string, peerId: string) => boolean;
}

/** What this node does when another one, or an operator through it, says so. */
export function nodeCommandHandlers({
  media,
  status,
  deadlineClock,
  placement,
  beat,
  migrateRoom,
  isDetached,
}: NodeCommandParts): NodeCommandHandlers {
  return {
    cordon: async ({ reason }) => {
      const state = status.cordon(reason);
      await beat();
      return { state };
    },
    uncordon: async () => {
      const state = status.uncordon();
      await beat();
      return { state };
    },
    drain: async ({ minutes, reason }) => {
      const issuedAtMs = deadlineClock.nowMs();
      status.drain(
        {
          commandId: `operator:${issuedAtMs}`,
          reason: 'operator',
          issuedAtMs,
          deadlineAtMs: issuedAtMs + minutes * 60_000,
        },
        reason,
      );
      await beat();
      return { state: status.state };
    },
    migrateRoom: ({ roomId, toNodeId }) => migrateRoom({ roomId, toNodeId }),
    describeRoom: async ({ roomId }) => {
      const room = await media.measureRoom(roomId);
      const peers = room.peers.map((peer) => ({
        ...peer,
        ...(isDetached(roomId, peer.peerId) && { detached: true }),
      }));
      return { ...room, peers };
    },
    closeRoom: ({ roomId, reason }) => {
      media.closeRoom(roomId, new FleetError('FLEET_ERR_ROOM_CLOSED', { message: reason }));
      return {};
    },
    closePeer: ({ roomId, peerId, reason }) => {
      media.closePeer(roomId, peerId, new FleetError('FLEET_ERR_PEER_REMOVED', { message: reason }));
      return {};
    },
    passHeartbeat: (heartbeat) => placement.heartbeat(heartbeat),
  };
}
