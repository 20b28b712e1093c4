import type { CapacityVector } from '../../core/capacity/capacity-vector';
import { NO_PEERS, withPeer, type PeerRole, type RoomCounts } from '../../core/capacity/egress-model';
import type { Clock } from '../../core/clock';
import type { Claim, EndedRoom, RoomReport } from '../../core/placement/placement-port';
import { RoomReservation } from '../../core/placement/room-reservation';
import type { PeerGrants } from '../../core/session/session-port';
import type { WorkerTenant } from './media-worker';
import type { Peer } from './peer';
import type { Room } from './room';

/**
 * A peer that may publish counts as a sender from the start, since its claim was made for one; when it has sent
 * nothing for this long, it is audience.
 */
const SILENT_SENDER_MS = 60_000;

export interface RoomAccountOptions {
  roomId: string;
  clock: Clock;
  /** What the meter says of the room. */
  measured: () => CapacityVector;
}

/** What a room counts for: against its worker, its node and its placement. It exists before the room does. */
export class RoomAccount implements WorkerTenant {
  readonly roomId: string;
  readonly #clock: Clock;
  readonly #measured: () => CapacityVector;
  readonly #reservation = new RoomReservation();
  readonly #roles = new WeakMap<Peer, PeerRole>();
  #room: Room | undefined;
  #epoch = 0;
  #peakPeers = 0;
  #counts: RoomCounts = NO_PEERS;

  constructor({ roomId, clock, measured }: RoomAccountOptions) {
    this.roomId = roomId;
    this.#clock = clock;
    this.#measured = measured;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get peakPeers(): number {
    return this.#peakPeers;
  }

  attach(room: Room): void {
    this.#room = room;
  }

  /** A peer comes with its claim; the room's epoch never goes back. */
  addClaim(claim: Claim, epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
    this.#reservation.addClaim(claim, this.measured(), this.#clock.monotonicMs());
  }

  setRole(peer: Peer, role: PeerRole | undefined, grants: PeerGrants): void {
    this.#roles.set(peer, role ?? { publishes: grants.canPublish, subscribes: grants.canSubscribe });
  }

  /** Counts the room's peers anew. */
  recount(): RoomCounts {
    const now = this.#clock.nowMs();
    let counts = NO_PEERS;
    for (const peer of this.#room?.peers ?? []) counts = withPeer(counts, this.#roleNow(peer, now));
    this.#counts = counts;
    this.#peakPeers = Math.max(this.#peakPeers, counts.peers);
    this.#reservation.setCounts(counts);
    return counts;
  }

  measured(): CapacityVector {
    return this.#measured();
  }

  committed(): CapacityVector {
    return this.#reservation.committed(this.measured(), this.#clock.monotonicMs());
  }

  committedPacketsPerSecond(): number {
    return this.committed().packetsPerSecond;
  }

  consumerCount(): number {
    return this.#room?.peers.reduce((sum, { entities }) => sum + entities.consumers.size, 0) ?? 0;
  }

  report(): RoomReport {
    const { peers, publishers, subscribers } = this.#counts;
    return {
      roomId: this.roomId,
      epoch: this.#epoch,
      peers,
      publishers,
      subscribers,
      expectedPeers: this.#reservation.expectedPeers,
      reserved: this.#reservation.reserved,
    };
  }

  ended(): EndedRoom {
    return { roomId: this.roomId, epoch: this.#epoch, peakPeers: this.#peakPeers };
  }

  #roleNow(peer: Peer, now: number): PeerRole {
    const role = this.#roles.get(peer) ?? { publishes: false, subscribes: true };
    const sends = peer.entities.producers.size > 0;
    const mayStillSend = role.publishes && now - peer.openedAtMs < SILENT_SENDER_MS;
    return { publishes: sends || mayStillSend, subscribes: role.subscribes };
  }
}
