import type { CapacityVector } from '../capacity/capacity-vector';
import {
  DEFAULT_EGRESS_MODEL,
  NO_CASCADE,
  NO_PEERS,
  partDemand,
  withExpectedPeers,
  type CascadeCounts,
  type EgressModelParams,
  type RoomCounts,
} from '../capacity/egress-model';
import {
  addVector,
  maxVector,
  minVector,
  scaleVector,
  subtractVector,
  ZERO_VECTOR,
} from '../capacity/headroom';
import type { Claim } from './placement-port';

/** How fast a reservation gives way to measurement. */
export interface ReservationDecay {
  /** A reservation counts in full for so long: people join and cameras start. Milliseconds. @default 30_000 */
  fullMs: number;
  /** After that it halves each time this passes. Milliseconds. @default 60_000 */
  halfLifeMs: number;
}

export const DEFAULT_RESERVATION_DECAY: ReservationDecay = { fullMs: 30_000, halfLifeMs: 60_000 };

/** After so many half-lives (12.5 % left) a room is taken for what it is: whoever has not come is not expected. */
const SETTLED_HALF_LIVES = 3;

interface ReservationEntry {
  vector: CapacityVector;
  atMs: number;
}

/**
 * What one room, or a node's part of it, holds of its node's capacity, kept by the node. Two numbers come out of it:
 * - `committed`: max(measured, what claims announced), where announcements fade with age;
 * - `reserved`: the model's demand for the size the room is reserved for, before decay. Placement compares it
 *   with what the next peer would need, so it follows the room's size and not the clock.
 *
 * Pure accounting: time is passed in, from one clock that never goes back.
 */
export class RoomReservation {
  readonly #params: EgressModelParams;
  readonly #decay: ReservationDecay;
  #entries: ReservationEntry[] = [];
  #reserved: CapacityVector = ZERO_VECTOR;
  #expectedPeers = 0;
  #counts: RoomCounts = NO_PEERS;
  #cascade: CascadeCounts = NO_CASCADE;
  #lastClaimMs = Number.NEGATIVE_INFINITY;

  constructor(options: { params?: EgressModelParams; decay?: ReservationDecay } = {}) {
    this.#params = options.params ?? DEFAULT_EGRESS_MODEL;
    this.#decay = options.decay ?? DEFAULT_RESERVATION_DECAY;
  }

  /** The size that the reservation counts with; never below the actual one. */
  get expectedPeers(): number {
    return Math.max(this.#expectedPeers, this.#counts.peers);
  }

  /** The reservation before decay. */
  get reserved(): CapacityVector {
    return this.#reserved;
  }

  /**
   * A session came with its claim. A claim within the expected size reserves nothing and changes nothing.
   * `measured` is the room's present use: the announced demand comes on top of what is already there, even
   * where measurement has long overtaken the old reservations.
   */
  addClaim(claim: Pick<Claim, 'reserved' | 'expectedPeers'>, measured: CapacityVector, nowMs: number): void {
    this.#expectedPeers = Math.max(this.expectedPeers, claim.expectedPeers);
    if (claim.reserved.egressBps <= 0 && claim.reserved.packetsPerSecond <= 0) return;
    // What has faded that far is nothing; it must not pile up in a room that lives for days.
    this.#entries = this.#entries.filter((entry) => this.#weight(entry, nowMs) > 1 / 64);
    const uncovered = maxVector(ZERO_VECTOR, subtractVector(measured, this.#announced(nowMs)));
    this.#entries.push({ vector: addVector(claim.reserved, uncovered), atMs: nowMs });
    this.#reserved = addVector(this.#reserved, claim.reserved);
    this.#lastClaimMs = nowMs;
  }

  /** The room has these peers now. Whoever left is no longer expected, and takes the share with them. */
  setCounts(counts: RoomCounts): void {
    const left = this.#counts.peers - counts.peers;
    if (left > 0) {
      // When the last one leaves the room is over, whoever else was expected.
      this.#expectedPeers = counts.peers === 0 ? 0 : Math.max(counts.peers, this.expectedPeers - left);
    }
    this.#counts = counts;
    if (left > 0) this.#lowerTo(this.#expectedPeers);
  }

  /**
   * The rest of the room is this now. What it makes the node send is announced like a claim, though nobody came here
   * for it; what it no longer does is given back.
   */
  setCascade(cascade: CascadeCounts, measured: CapacityVector, nowMs: number): void {
    const before = this.#cascade;
    this.#cascade = cascade;
    if (cascade.remotePublishers < before.remotePublishers || cascade.otherNodes < before.otherNodes) {
      this.#lowerTo(this.expectedPeers);
    }
    if (cascade.remotePublishers === 0 && cascade.otherNodes === 0) return;
    const demand = partDemand(this.#counts, cascade, this.#params);
    const reserved = maxVector(ZERO_VECTOR, subtractVector(demand, this.#reserved));
    this.addClaim({ reserved, expectedPeers: this.expectedPeers }, measured, nowMs);
  }

  /** What the room counts with against its node's capacity. */
  committed(measured: CapacityVector, nowMs: number): CapacityVector {
    const quietMs = nowMs - this.#lastClaimMs;
    if (quietMs > this.#decay.fullMs + SETTLED_HALF_LIVES * this.#decay.halfLifeMs) this.#settle();
    return maxVector(measured, this.#announced(nowMs));
  }

  /** Nobody new for long: the expected size falls back to the actual one. */
  #settle(): void {
    if (this.#expectedPeers <= this.#counts.peers) return;
    this.#expectedPeers = this.#counts.peers;
    this.#lowerTo(this.#expectedPeers);
  }

  #lowerTo(expectedPeers: number): void {
    const before = this.#reserved;
    this.#reserved = minVector(before, this.#demandOf(expectedPeers));
    const share = before.egressBps > 0 ? this.#reserved.egressBps / before.egressBps : 0;
    this.#entries = this.#entries.map((entry) => ({ ...entry, vector: scaleVector(entry.vector, share) }));
  }

  #demandOf(expectedPeers: number): CapacityVector {
    const { remotePublishers } = this.#cascade;
    // Who is expected sends only as long as the whole room has few senders.
    const wide = { ...this.#counts, publishers: this.#counts.publishers + remotePublishers };
    const expected = withExpectedPeers(wide, expectedPeers, this.#params);
    const local = { ...expected, publishers: expected.publishers - remotePublishers };
    return partDemand(local, this.#cascade, this.#params);
  }

  #announced(nowMs: number): CapacityVector {
    return this.#entries.reduce(
      (sum, entry) => addVector(sum, scaleVector(entry.vector, this.#weight(entry, nowMs))),
      ZERO_VECTOR,
    );
  }

  #weight(entry: ReservationEntry, nowMs: number): number {
    const fadingMs = nowMs - entry.atMs - this.#decay.fullMs;
    return fadingMs <= 0 ? 1 : 2 ** (-fadingMs / this.#decay.halfLifeMs);
  }
}
