import type { Placement } from '../../core/placement/placement-port';

/**
 * Where the rooms are in which this gateway has clients. With Redis away, more peers still enter these: as long
 * as a client of ours is in a room there, the room is there. Of a room on several nodes that is the one where the last
 * client went. Bounded by the gateway's connections.
 */
export class RoomDirectory {
  private readonly rooms = new Map<string, { placement: Placement; clients: number }>();

  /** A client entered; call the result once when it has left. */
  enter(placement: Placement): () => void {
    const { roomId } = placement;
    const room = this.rooms.get(roomId) ?? { placement, clients: 0 };
    room.placement = placement;
    room.clients += 1;
    this.rooms.set(roomId, room);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      room.clients -= 1;
      if (room.clients === 0) this.rooms.delete(roomId);
    };
  }

  find(roomId: string): Placement | undefined {
    return this.rooms.get(roomId)?.placement;
  }
}
