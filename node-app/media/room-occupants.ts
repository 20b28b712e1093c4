import type { PeerRole } from '../../core/capacity/egress-model';
import type { Room } from './room';
import type { RoomAccount } from './room-account';

/** Who is on this node of a room. */
export interface RoomOccupants {
  roomId: string;
  /** Joined or not, but for those who have migrated already. */
  peers: { peerId: string; role: PeerRole }[];
  broadcasterIds: string[];
}

export function roomOccupants(room: Room, account: RoomAccount): RoomOccupants {
  return {
    roomId: room.roomId,
    peers: room.peers
      .filter(({ succeeded }) => !succeeded)
      .map((peer) => ({ peerId: peer.peerId, role: account.roleOf(peer) })),
    broadcasterIds: [...room.broadcasters.keys()],
  };
}
