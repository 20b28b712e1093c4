import type { CapacityVector } from '../../core/capacity/capacity-vector';
import {
  DEFAULT_EGRESS_MODEL,
  NO_CASCADE,
  NO_PEERS,
  roomDemand,
  withExpectedPeers,
  withPeer,
  type CascadeCounts,
  type EgressModelParams,
  type PeerRole,
  type RoomCounts,
} from '../../core/capacity/egress-model';
import type { Clock } from '../../core/clock';
import type { Claim, EndedRoom, RoomReport } from '../../core/placement/placement-port';
import { RoomReservation } from '../../core/placement/room-reservation';
import type { PeerGrants } from '../../core/session/session-port';
import type { MediaWorker, WorkerTenant } from './media-worker';
import type { Room } from './room';
import type { RoomMember } from './room-member';

/**
 * A peer that may publish counts as a sender from the start, since its claim was made for one; when it has sent
 * nothing for this long, it is audience.
 */
const SILENT_SENDER_MS = 60_000;

/** A peer between its arrival and its place in the room. */
export interface Entry {
  readonly peerId: string;
  readonly role: PeerRole;
  /** Set once it is known where it will sit. */
  worker: MediaWorker | undefined;
}

export interface EntryOptions {
  peerId: string;
  claim: Claim;
  epoch: number;
  /** The room's nodes as placement gave them with the claim, home first. @default unchanged */
  nodes?: string[] | undefined;
  /** @default what the grants allow */
  role?: PeerRole | undefined;
  grants: PeerGrants;
}

export interface RoomAccountOptions {
  roomId: string;
  clock: Clock;
  /** What the meter says of the room. */
  measured: () => CapacityVector;
  /** As the node's placement has it. @default DEFAULT_EGRESS_MODEL */
  egressModel?: EgressModelParams | undefined;
}

/** What a room counts for: against its workers, its node and its placement. It exists before the room does. */
export class RoomAccount {
  readonly roomId: string;
  readonly #clock: Clock;
  readonly #measured: () => CapacityVector;
  readonly #reservation: RoomReservation;
  readonly #egressModel: EgressModelParams;
  readonly #roles = new WeakMap<RoomMember, PeerRole>();
  /** Peers that have come and are not in the room yet, while it is being created. */
  readonly #entering = new Set<Entry>();
  /** Its shares of the workers on which it has a router, or is about to. */
  readonly #tenants = new Map<MediaWorker, WorkerTenant>();
  #room: Room | undefined;
  #epoch = 0;
  #homeNodeId = '';
  #cascade: CascadeCounts = NO_CASCADE;
  #peakPeers = 0;
  #counts: RoomCounts = NO_PEERS;

  constructor({ roomId, clock, measured, egressModel = DEFAULT_EGRESS_MODEL }: RoomAccountOptions) {
    this.roomId = roomId;
    this.#clock = clock;
    this.#measured = measured;
    this.#egressModel = egressModel;
    this.#reservation = new RoomReservation({ params: egressModel });
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

  /**
   * The room's home is that node, '' or its own id for this one. Of an epoch lower than the one known nothing is taken.
   * @default this node
   */
  setHome({ homeNodeId, epoch }: { homeNodeId: string; epoch: number }): void {
    if (epoch < this.#epoch) return;
    this.#epoch = epoch;
    this.#homeNodeId = homeNodeId;
  }

  /** The rest of the room, on other nodes, is this now: it counts against this node too. @default no rest */
  setCascade(cascade: CascadeCounts): void {
    const { remotePublishers, otherNodes } = this.#cascade;
    if (cascade.remotePublishers === remotePublishers && cascade.otherNodes === otherNodes) return;
    this.#cascade = cascade;
    this.#reservation.setCascade(cascade, this.measured(), this.#clock.monotonicMs());
  }

  /** How many peers are about to enter: the room must not end as empty under them. */
  get entering(): number {
    return this.#entering.size;
  }

  /** From now on it counts on this worker too. Idempotent. */
  occupy(worker: MediaWorker): void {
    if (this.#tenants.has(worker)) return;
    const tenant: WorkerTenant = {
      roomId: this.roomId,
      committedPacketsPerSecond: () => this.#packetsPerSecondOn(worker),
      consumerCount: () => this.#consumersOn(worker),
    };
    this.#tenants.set(worker, tenant);
    worker.addTenant(tenant);
  }

  /** Idempotent. */
  leave(worker: MediaWorker): void {
    const tenant = this.#tenants.get(worker);
    if (tenant === undefined) return;
    this.#tenants.delete(worker);
    worker.removeTenant(tenant);
  }

  leaveAll(): void {
    for (const worker of Array.from(this.#tenants.keys())) this.leave(worker);
  }

  /** A peer comes with its claim; from now on it counts. The room's epoch never goes back. */
  beginEntry({ peerId, claim, epoch, nodes, role, grants }: EntryOptions): Entry {
    const entry: Entry = {
      peerId,
      role: role ?? { publishes: grants.canPublish, subscribes: grants.canSubscribe },
      worker: undefined,
    };
    this.setHome({ homeNodeId: nodes?.[0] ?? this.#homeNodeId, epoch });
    this.#entering.add(entry);
    this.#reservation.addClaim(claim, this.measured(), this.#clock.monotonicMs());
    this.recount();
    return entry;
  }

  /** The peer of an entry is about to be in the room, or (without one) could not enter. Idempotent. */
  endEntry(entry: Entry, peer?: RoomMember): void {
    this.#entering.delete(entry);
    if (peer !== undefined) this.#roles.set(peer, entry.role);
  }

  /** What the peer's claim was made for. */
  roleOf(peer: RoomMember): PeerRole {
    return this.#roles.get(peer) ?? { publishes: false, subscribes: true };
  }

  /** Counts the room's peers anew. */
  recount(): void {
    const now = this.#clock.nowMs();
    let counts = NO_PEERS;
    const counted = new Set<string>();
    for (const peer of this.#room?.peers ?? []) {
      counts = withPeer(counts, this.#roleNow(peer, now));
      counted.add(peer.peerId);
    }
    for (const { peerId, role } of this.#entering) {
      // Whoever comes again takes its own place.
      if (counted.has(peerId)) continue;
      counts = withPeer(counts, role);
      counted.add(peerId);
    }
    this.#counts = counts;
    this.#peakPeers = Math.max(this.#peakPeers, counts.peers);
    this.#reservation.setCounts(counts);
  }

  measured(): CapacityVector {
    return this.#measured();
  }

  committed(): CapacityVector {
    return this.#reservation.committed(this.measured(), this.#clock.monotonicMs());
  }

  /** What it is to a worker; undefined where it isn't. */
  tenantOn(worker: MediaWorker): WorkerTenant | undefined {
    return this.#tenants.get(worker);
  }

  /** Peers who receive and sit on this worker, or will. */
  subscribersOn(worker: MediaWorker): number {
    if (!this.#tenants.has(worker)) return 0;
    const seated = (this.#room?.peers ?? []).filter(
      (peer) => peer.roomRouter.worker === worker && this.#roles.get(peer)?.subscribes === true,
    );
    const coming = [...this.#entering].filter((entry) => entry.worker === worker && entry.role.subscribes);
    return seated.length + coming.length;
  }

  /** What one subscriber makes its worker send once the room is as large as expected, or already. */
  packetsPerSubscriber(): number {
    const publishers = this.#counts.publishers + this.#cascade.remotePublishers;
    const wide = { ...this.#counts, publishers };
    const expected = withExpectedPeers(wide, this.#reservation.expectedPeers, this.#egressModel);
    const modelled =
      roomDemand(expected, this.#egressModel).packetsPerSecond / Math.max(1, expected.subscribers);
    const measured = this.measured().packetsPerSecond / Math.max(1, this.#counts.subscribers);
    return Math.max(modelled, measured);
  }

  report(): RoomReport {
    // Time alone turns a silent sender into audience.
    this.recount();
    const { peers, publishers, subscribers } = this.#counts;
    return {
      roomId: this.roomId,
      epoch: this.#epoch,
      homeNodeId: this.#homeNodeId,
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

  /** This worker's share of what the room has reserved or sends: that of the subscribers who sit there. */
  #packetsPerSecondOn(worker: MediaWorker): number {
    const { packetsPerSecond } = this.committed();
    // Nearly every room: not worth counting its peers.
    if (this.#tenants.size === 1) return packetsPerSecond;
    const { subscribers } = this.#counts;
    const share = subscribers === 0 ? 1 / this.#tenants.size : this.subscribersOn(worker) / subscribers;
    return packetsPerSecond * share;
  }

  #consumersOn(worker: MediaWorker): number {
    const seated = (this.#room?.peers ?? []).filter(({ roomRouter }) => roomRouter.worker === worker);
    return seated.reduce((sum, { entities }) => sum + entities.consumers.size, 0);
  }

  #roleNow(peer: RoomMember, now: number): PeerRole {
    const role = this.roleOf(peer);
    const sends = peer.entities.producers.size > 0;
    const mayStillSend = role.publishes && now - peer.openedAtMs < SILENT_SENDER_MS;
    return { publishes: sends || mayStillSend, subscribes: role.subscribes };
  }
}
