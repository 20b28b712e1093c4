import type { Logger } from 'pino';
import type { Clock, RandomSource, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { PlacePeerRequest } from '../../core/placement/placement-port';
import { NodeUnreachableError } from '../link/node-unreachable-error';
import type { HomeFinder, RoomLinksPort, RoomPlace } from './room-links-port';

export interface RoomHomeListener {
  /** This node and that one are neighbours from now on. */
  neighbourUp(nodeId: string): void;
  /** The link between them is gone, or is given up. */
  neighbourDown(nodeId: string): void;
  /** It left by its own word. */
  neighbourLeft(nodeId: string): void;
  epochChanged(epoch: number): void;
  /** The room's home is another node now. */
  homeChanged(): void;
}

export interface RoomHomeOptions {
  roomId: string;
  /** This node. */
  nodeId: string;
  links: RoomLinksPort;
  homes: HomeFinder;
  listener: RoomHomeListener;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** Waits before a home that could not be joined is looked for again, milliseconds; each with a jitter of as much. */
const RETRY_AFTER_MS = [50, 100, 250, 500, 1_000];
/**
 * How long a failed attempt to join speaks against the home, milliseconds: as long as a lease. Who fails because its own
 * network is away must try again once it is back, and not only ask for another home.
 */
const EVIDENCE_HOLDS_MS = 3_000;

/**
 * Whether a room's home is this node or another one, and in the second case the link to it: it is joined, and when it
 * is gone placement is asked for the next one, which may be this node.
 */
export class RoomHome {
  readonly #options: RoomHomeOptions;
  readonly #edges = new Set<string>();
  #epoch = 0;
  #homeId: string;
  #homeLinkAddress = '';
  /** The neighbour is up. */
  #joined = false;
  /** And has told who is there. */
  #synced = false;
  /** The attempt to join or to find the home that is under way; 0: none. */
  #attempt = 0;
  #attempts = 0;
  #failures = 0;
  #evidence: PlacePeerRequest['evidence'];
  #evidenceAtMs = 0;
  #retryTimer: Timer | undefined;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(options: RoomHomeOptions) {
    this.#options = options;
    this.#homeId = options.nodeId;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get homeId(): string {
    return this.#homeId;
  }

  get isHome(): boolean {
    return this.#homeId === this.#options.nodeId;
  }

  /** This node is an edge, and its home has taken it. */
  get isJoined(): boolean {
    return this.#joined;
  }

  /** Placement says where the room lives. What is older than what is known is ignored. */
  place({ nodes, homeLinkAddress, epoch }: RoomPlace): void {
    const [homeId] = nodes;
    if (this.#closed || homeId === undefined || epoch < this.#epoch) return;
    this.#setEpoch(epoch);
    if (homeId === this.#homeId && (this.isHome || this.#joined || this.#attempt > 0)) return;
    this.#follow(homeId, homeLinkAddress);
  }

  /** Another node wants to be an edge. @throws FleetError FLEET_ERR_ROOM_MOVED when this node isn't the home */
  edgeJoins(nodeId: string, epoch: number): void {
    if (epoch > this.#epoch && !this.isHome) {
      // Placement made this node the home, and told the edge first.
      this.#setEpoch(epoch);
      this.#follow(this.#options.nodeId, '');
    }
    if (this.#closed || !this.isHome)
      throw new FleetError('FLEET_ERR_ROOM_MOVED', { message: 'its home is another node' });
    this.#setEpoch(Math.max(epoch, this.#epoch));
    if (this.#edges.has(nodeId)) this.#options.listener.neighbourDown(nodeId);
    this.#edges.add(nodeId);
    this.#options.listener.neighbourUp(nodeId);
  }

  /** The neighbour has told who is there. */
  synced(nodeId: string): void {
    if (nodeId !== this.#homeId || !this.#joined) return;
    this.#synced = true;
    this.#settle();
  }

  /** Resolves once the home (if it isn't this node) has told who is there, at the latest after `timeoutMs`. */
  settled(timeoutMs: number): Promise<void> {
    if (this.isHome || this.#synced || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(timeoutMs, () => done());
      const done = () => {
        timer.cancel();
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
    });
  }

  linkLost(nodeId: string): void {
    if (this.#edges.delete(nodeId)) this.#options.listener.neighbourDown(nodeId);
    if (nodeId !== this.#homeId || !this.#joined) return;
    this.#leftHome();
    this.#options.listener.neighbourDown(nodeId);
    // Reachable or not, the next attempt to join it tells.
    this.#join();
  }

  /**
   * It gave this node up as its neighbour.
   * @param goesOn it is still part of the room, and is reached through somebody else soon
   */
  neighbourLeft(nodeId: string, goesOn: boolean): void {
    const { listener } = this.#options;
    const left = (): void => (goesOn ? listener.neighbourDown(nodeId) : listener.neighbourLeft(nodeId));
    if (this.#edges.delete(nodeId)) left();
    if (nodeId !== this.#homeId || !this.#joined) return;
    this.#leftHome();
    left();
    this.#retrySoon();
  }

  /**
   * Says goodbye to its neighbours. Idempotent.
   * @param goesOn this node stays part of the room by another way
   */
  close(goesOn = false): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopJoining();
    const { links, listener, roomId } = this.#options;
    for (const nodeId of this.#edges) {
      links.leave(nodeId, roomId, goesOn);
      if (goesOn) listener.neighbourDown(nodeId);
    }
    this.#edges.clear();
    if (!this.isHome) {
      links.leave(this.#homeId, roomId, goesOn);
      if (goesOn && this.#joined) listener.neighbourDown(this.#homeId);
    }
    this.#settle();
  }

  #leftHome(): void {
    this.#joined = false;
    this.#synced = false;
  }

  #setEpoch(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#options.listener.epochChanged(epoch);
  }

  #follow(homeId: string, linkAddress: string): void {
    const { links, listener, roomId, logger } = this.#options;
    const before = this.#homeId;
    this.#stopJoining();
    if (before !== homeId && this.#joined) {
      this.#leftHome();
      links.leave(before, roomId, true);
      listener.neighbourDown(before);
    }
    this.#homeId = homeId;
    this.#homeLinkAddress = linkAddress;
    this.#failures = 0;
    this.#evidence = undefined;
    if (before !== homeId) {
      logger.info({ homeNodeId: homeId, epoch: this.#epoch }, 'the room has another home');
      // Edges that were there stay until they hear of the new home too: nobody loses the way meanwhile.
      listener.homeChanged();
    }
    if (this.isHome) this.#settle();
    else if (linkAddress === '') void this.#find();
    else this.#join();
  }

  #join(): void {
    const { links, roomId, logger } = this.#options;
    const [homeId, linkAddress, epoch] = [this.#homeId, this.#homeLinkAddress, this.#epoch];
    const attempt = this.#beginAttempt();
    links.join({ roomId, epoch, nodeId: homeId, linkAddress }).then(
      () => {
        if (!this.#isCurrent(attempt)) {
          if (this.#closed || homeId !== this.#homeId) links.leave(homeId, roomId, !this.#closed);
          return;
        }
        this.#attempt = 0;
        this.#failures = 0;
        this.#evidence = undefined;
        this.#joined = true;
        this.#options.listener.neighbourUp(homeId);
      },
      (error: unknown) => {
        if (!this.#isCurrent(attempt)) return;
        const fleetError = FleetError.from(error);
        logger.warn(
          { homeNodeId: homeId, code: fleetError.code, err: error },
          'the home of a room could not be joined',
        );
        this.#evidence =
          error instanceof NodeUnreachableError ? { nodeId: homeId, kind: error.evidence } : undefined;
        this.#evidenceAtMs = this.#options.clock.monotonicMs();
        this.#retrySoon();
      },
    );
  }

  async #find(): Promise<void> {
    const { homes, roomId, nodeId, logger } = this.#options;
    const attempt = this.#beginAttempt();
    try {
      const place = await homes.findHome({ roomId, nodeId, evidence: this.#evidence });
      if (!this.#isCurrent(attempt)) return;
      const [homeId] = place.nodes;
      if (homeId === undefined || place.epoch < this.#epoch) {
        this.#retrySoon();
        return;
      }
      this.#setEpoch(place.epoch);
      if (homeId === this.#homeId) {
        this.#homeLinkAddress = place.homeLinkAddress;
        this.#join();
      } else {
        this.#follow(homeId, place.homeLinkAddress);
      }
    } catch (error) {
      if (!this.#isCurrent(attempt)) return;
      logger.warn({ err: error }, 'placement does not say where the home of a room is');
      this.#retrySoon(FleetError.from(error).retryAfterMs);
    }
  }

  #retrySoon(retryAfterMs = 0): void {
    const { clock, random } = this.#options;
    const waitMs = RETRY_AFTER_MS[Math.min(this.#failures, RETRY_AFTER_MS.length - 1)] ?? 0;
    this.#failures += 1;
    const attempt = this.#beginAttempt();
    this.#retryTimer = clock.setTimer(Math.max(retryAfterMs, waitMs * (1 + random())), () => {
      if (!this.#isCurrent(attempt)) return;
      const isStale = clock.monotonicMs() - this.#evidenceAtMs >= EVIDENCE_HOLDS_MS;
      if (this.#evidence !== undefined && isStale && this.#homeLinkAddress !== '') this.#join();
      else void this.#find();
    });
  }

  #beginAttempt(): number {
    this.#retryTimer?.cancel();
    this.#attempts += 1;
    this.#attempt = this.#attempts;
    return this.#attempt;
  }

  #stopJoining(): void {
    this.#retryTimer?.cancel();
    this.#attempt = 0;
  }

  #isCurrent(attempt: number): boolean {
    return !this.#closed && this.#attempt === attempt;
  }

  #settle(): void {
    for (const done of Array.from(this.#waiting)) done();
  }
}
