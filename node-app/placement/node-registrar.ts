import type { Logger } from 'pino';
import type { CapacityVector } from '../../core/capacity/capacity-vector';
import type { Clock, Timer } from '../../core/clock';
import type { DrainReport } from '../../core/drain/drain-report';
import { FleetError } from '../../core/errors';
import type { NodeState } from '../../core/node-state';
import type { CordonReport } from '../../core/placement/cordon-report';
import type {
  EndedRoom,
  HeartbeatReply,
  NodeHeartbeat,
  NodeLoad,
  NodeRecord,
  PlacementPort,
  RoomReport,
} from '../../core/placement/placement-port';

/** What the registrar asks of its node. All calls of one heartbeat come in one turn, so they agree with each other. */
export interface NodeStatePort {
  /** Before the first heartbeat: what placement still knows of this node from a process that ended without a word. */
  continueFrom(earlier: NodeRecord): void;
  readState(): NodeReport;
  /** Every room of the node; the registrar finds out what changed. */
  listRooms(): RoomReport[];
  /** Rooms that ended since the last call. The registrar keeps them until placement has them. */
  takeEndedRooms(): EndedRoom[];
  /**
   * Claims whose sessions came since the last call, whatever became of them. From then on `committed`, and the
   * room's report, must contain what they reserved.
   */
  takeSeenClaims(): number[];
  /** These rooms live elsewhere now: tell their peers to move and close them. Must not throw. */
  dropRooms(lostRooms: HeartbeatReply['lostRooms']): void;
  /** These rooms have another home, or a higher epoch, than the node reported. Must not throw. */
  followHomes(homes: HeartbeatReply['homes']): void;
  /** Placement has taken the heartbeat. True when the state changed by it, so that the next one can't wait. */
  placementAnswered(heartbeat: NodeHeartbeat, reply: HeartbeatReply): boolean;
}

export interface NodeReport {
  state: NodeState;
  ready: boolean;
  /** See NodeHeartbeat. @default false */
  isMoving?: boolean | undefined;
  capacity: CapacityVector;
  /** max(measured, reservations left after decay), summed over the node's rooms. */
  committed: CapacityVector;
  measured: CapacityVector;
  load: NodeLoad;
  drain?: DrainReport | undefined;
  cordon?: CordonReport | undefined;
}

export interface NodeRegistrarOptions {
  placement: Pick<PlacementPort, 'heartbeat' | 'retire' | 'findNode'>;
  node: NodeStatePort;
  clock: Clock;
  logger: Logger;
  nodeId: string;
  release: string;
  /** How gateways reach the node's link listener, e.g. `10.0.1.7:4444`. */
  linkAddress: string;
  /** Whether the node can hold rooms together with others. @default false */
  cascades?: boolean | undefined;
  /** Milliseconds. @default 1_000 */
  intervalMs?: number | undefined;
  /** Without an answer for so long the next heartbeat lists every room. Milliseconds. @default 3_000, the lease */
  leaseTtlMs?: number | undefined;
}

/**
 * Keeps a node known to placement: a heartbeat each second, for ever, whatever happens to Redis. What placement
 * has not confirmed is reported again.
 */
export class NodeRegistrar {
  readonly #options: NodeRegistrarOptions;
  readonly #leaseTtlMs: number;
  #timer: Timer | undefined;
  #inFlight: Promise<void> | undefined;
  #beatAgain = false;
  #closed: Promise<void> | undefined;
  #heartbeatSeq = 0;
  #acknowledgedSeq = 0;
  #acknowledgedAtMs = Number.NEGATIVE_INFINITY;
  #needFull = true;
  #isFailing = false;
  #hasContinued = false;
  /** What placement knows of each room, as text to compare with. */
  #confirmedRooms = new Map<string, string>();
  #endedRooms: EndedRoom[] = [];
  #seenClaims: number[] = [];

  constructor(options: NodeRegistrarOptions) {
    this.#options = options;
    this.#leaseTtlMs = options.leaseTtlMs ?? 3_000;
  }

  /** True while placement answers. */
  get isRegistered(): boolean {
    return this.#options.clock.monotonicMs() - this.#acknowledgedAtMs < this.#leaseTtlMs;
  }

  /** Since placement last answered a heartbeat, milliseconds; undefined before the first answer. */
  get heartbeatAgeMs(): number | undefined {
    const ageMs = this.#options.clock.monotonicMs() - this.#acknowledgedAtMs;
    return Number.isFinite(ageMs) ? ageMs : undefined;
  }

  /** Begins the heartbeats; the first one at once. Idempotent. */
  start(): void {
    if (this.#timer || this.#closed) return;
    this.#timer = this.#options.clock.setRepeating(this.#options.intervalMs ?? 1_000, () => {
      // One at a time: a slow answer delays the next heartbeat, it doesn't pile them up.
      if (!this.#inFlight) void this.beat();
    });
    void this.beat();
  }

  /**
   * A heartbeat now, for a change of state that must not wait. Resolves once placement has a report composed
   * after this call, or failed to take it; never rejects.
   */
  async beat(): Promise<void> {
    if (this.#closed) return;
    if (this.#inFlight) {
      this.#beatAgain = true;
      return this.#inFlight;
    }
    this.#inFlight = this.#beatUntilSettled().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  /** Ends the heartbeats and takes the node out of placement. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#timer?.cancel();
    await this.#inFlight;
    try {
      await this.#options.placement.retire(this.#options.nodeId);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'node could not be retired: its lease ends by itself');
    }
  }

  async #beatUntilSettled(): Promise<void> {
    // A full list follows at once when it is asked for; more than that waits for the next interval.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      this.#beatAgain = false;
      const succeeded = await this.#beatOnce();
      if (this.#closed || !succeeded || !(this.#needFull || this.#beatAgain)) return;
    }
  }

  async #beatOnce(): Promise<boolean> {
    const { placement, clock, logger, node } = this.#options;
    try {
      await this.#continue();
      const { heartbeat, rooms } = this.#compose();
      const reply = await placement.heartbeat(heartbeat);
      this.#confirm(heartbeat, rooms, reply);
      this.#acknowledgedAtMs = clock.monotonicMs();
      if (this.#isFailing) logger.info('placement takes heartbeats again');
      this.#isFailing = false;
      if (reply.lostRooms.length > 0) {
        logger.warn({ rooms: reply.lostRooms }, 'rooms live elsewhere now');
        node.dropRooms(reply.lostRooms);
      }
      if (reply.homes.length > 0) {
        logger.info({ rooms: reply.homes }, 'rooms have another home now');
        node.followHomes(reply.homes);
      }
      if (node.placementAnswered(heartbeat, reply)) this.#beatAgain = true;
      return true;
    } catch (error) {
      if (!this.#isFailing) logger.warn({ err: error }, 'placement takes no heartbeat');
      this.#isFailing = true;
      // It may have been taken all the same: what placement knows of the rooms now, nobody can say.
      this.#confirmedRooms.clear();
      return false;
    }
  }

  /** The first heartbeat overwrites it. */
  async #continue(): Promise<void> {
    if (this.#hasContinued) return;
    const { placement, node, nodeId, logger } = this.#options;
    try {
      const earlier = await placement.findNode(nodeId);
      if (earlier) node.continueFrom(earlier);
    } catch (error) {
      // Redis does not answer: the next heartbeat asks again.
      if (error instanceof FleetError) throw error;
      // A record that this release can't read must not keep the node out for good.
      logger.warn({ err: error }, 'what an earlier process of this node wrote can not be read');
    }
    this.#hasContinued = true;
  }

  #compose(): { heartbeat: NodeHeartbeat; rooms: Map<string, string> } {
    const { node, nodeId, release, linkAddress, cascades = false, clock } = this.#options;
    const full = this.#needFull || clock.monotonicMs() - this.#acknowledgedAtMs >= this.#leaseTtlMs;
    const report = node.readState();
    const reports = node.listRooms();
    const rooms = new Map(reports.map((room) => [room.roomId, JSON.stringify(room)]));
    this.#seenClaims.push(...node.takeSeenClaims());
    this.#endedRooms.push(...node.takeEndedRooms());
    // Ended and begun again on this node: only the room of now counts.
    this.#endedRooms = this.#endedRooms.filter((room) => !rooms.has(room.roomId)).slice(-MAX_ENDED_ROOMS);
    this.#heartbeatSeq += 1;
    return {
      rooms,
      heartbeat: {
        nodeId,
        release,
        linkAddress,
        cascades,
        ...report,
        seenClaims: [...this.#seenClaims],
        rooms: full
          ? reports
          : reports.filter((room) => rooms.get(room.roomId) !== this.#confirmedRooms.get(room.roomId)),
        endedRooms: [...this.#endedRooms],
        full,
        heartbeatSeq: this.#heartbeatSeq,
        acknowledgedSeq: this.#acknowledgedSeq,
      },
    };
  }

  #confirm(heartbeat: NodeHeartbeat, rooms: Map<string, string>, reply: HeartbeatReply): void {
    this.#acknowledgedSeq = heartbeat.heartbeatSeq;
    this.#needFull = reply.needFull;
    this.#confirmedRooms = rooms;
    this.#seenClaims = this.#seenClaims.slice(heartbeat.seenClaims.length);
    this.#endedRooms = this.#endedRooms.slice(heartbeat.endedRooms.length);
  }
}

/** Ended rooms kept while Redis is away; they only teach sizes, so the oldest may go. */
const MAX_ENDED_ROOMS = 10_000;
