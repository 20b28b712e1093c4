import type { EndedRoom, RoomReport } from '../../core/placement/placement-port';
import type { NodeStatePort } from '../../node-app/placement/node-registrar';
import { TEST_CAPACITY } from './test-fleet';

/** A node whose rooms are a list. */
export class ListNode implements NodeStatePort {
  readonly rooms = new Map<string, RoomReport>();
  readonly dropped: string[] = [];
  seen: number[] = [];
  private ended: EndedRoom[] = [];

  /** Its last peer has left. */
  endRoom(roomId: string): void {
    const room = this.rooms.get(roomId);
    if (!room) return;
    this.rooms.delete(roomId);
    this.ended.push({ roomId, epoch: room.epoch, peakPeers: room.peers });
  }

  continueFrom = (): void => undefined;
  readState: NodeStatePort['readState'] = () => ({
    state: 'SERVING',
    ready: true,
    capacity: TEST_CAPACITY,
    committed: { egressBps: 0, packetsPerSecond: 0 },
    measured: { egressBps: 0, packetsPerSecond: 0 },
    load: { cpuLoad: 0, sysLoad: 0, rooms: this.rooms.size, clients: 0, tracks: 0, bytesPerSecond: 0 },
  });
  listRooms = (): RoomReport[] => [...this.rooms.values()];
  takeEndedRooms = (): EndedRoom[] => this.ended.splice(0);
  takeSeenClaims = (): number[] => this.seen.splice(0);
  followHomes = (): void => undefined;
  placementAnswered = (): boolean => false;
  dropRooms: NodeStatePort['dropRooms'] = (lost) => {
    for (const { roomId } of lost) {
      this.rooms.delete(roomId);
      this.dropped.push(roomId);
    }
  };
}
