import type { Logger } from 'pino';
import type { Clock, RandomSource, Timer } from '../../core/clock';
import type { DrainProgress, DrainReport } from '../../core/drain/drain-report';
import { planDrain, type DrainingRoom, type DrainPlan, type Occupant } from '../../core/drain/plan-drain';
import type { NodeState } from '../../core/node-state';
import type { RoomOccupants } from '../media/room-occupants';
import { supervise } from '../media/supervise';
import type { PeerMover } from './peer-mover';

/** The node's drain, as far as the mover needs it: `NodeStatus`. */
export interface MovedDrain {
  readonly state: NodeState;
  drainReport(): DrainReport | undefined;
  /** For the heartbeat. */
  drainProgressed(progress: DrainProgress): void;
}

export interface DrainMoverOptions {
  drain: MovedDrain;
  occupants: () => RoomOccupants[];
  /** Whether the peer's client is out of reach. */
  isAway: (roomId: string, peerId: string) => boolean;
  mover: PeerMover;
  /** Closes a peer that is away, or a broadcaster. */
  evict: (occupant: Occupant) => void;
  /** Joins that another node takes in a second. */
  joinsPerSecond: number;
  /** Resolves once placement has heard how far the drain is, or could not be told. Never rejects. */
  beat: () => Promise<void>;
  /** The one that the drain's deadline is on. */
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** Carries a drain out: does what `planDrain` says, for as long as the node is DRAINING. */
export class DrainMover {
  readonly #options: DrainMoverOptions;
  #commandId: string | undefined;
  #timer: Timer | undefined;
  /** The rest of the wave. */
  readonly #wave = new Set<Timer>();
  /** On their way, until their move has ended. */
  readonly #leaving = new Set<string>();
  readonly #moves = new Map<string, number>();
  readonly #begunRooms = new Set<string>();
  #moved = 0;
  #refusedAtMs: number | undefined;
  /** Placement has been told that no peer should come any more. */
  #isAnnounced = false;
  #told: Pick<DrainProgress, 'phase' | 'etaAtMs'> | undefined;
  #closed = false;

  constructor(options: DrainMoverOptions) {
    this.#options = options;
  }

  /** The drain has begun, is another one, has ended or was taken back. */
  wake(): void {
    // Of a drain that has come to its end too: a move that is just ending still counts for it.
    const commandId = this.#options.drain.drainReport()?.commandId;
    if (commandId !== this.#commandId) this.#begin(commandId);
    this.#look();
  }

  /** Moves nobody any more. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#rest();
  }

  #begin(commandId: string | undefined): void {
    this.#commandId = commandId;
    this.#moves.clear();
    this.#begunRooms.clear();
    this.#moved = 0;
    this.#refusedAtMs = undefined;
    this.#isAnnounced = false;
    this.#told = undefined;
  }

  /** Undefined while there is nothing to carry out, also until placement has heard of the drain. */
  #drain(): DrainReport | undefined {
    const { drain } = this.#options;
    return this.#closed || drain.state !== 'DRAINING' ? undefined : drain.drainReport();
  }

  #rest(): void {
    this.#timer?.cancel();
    for (const timer of this.#wave) timer.cancel();
    this.#wave.clear();
  }

  #look(): void {
    this.#rest();
    const command = this.#drain();
    if (command === undefined) return;
    const { clock, random, joinsPerSecond } = this.#options;
    const occupants = this.#options.occupants();
    const plan = planDrain(
      {
        command,
        nowMs: clock.nowMs(),
        rooms: occupants.map((room) => this.#describe(room)),
        joinsPerSecond,
        refusedAtMs: this.#refusedAtMs,
      },
      random,
    );
    this.#tell(plan);
    if (plan.phase === 'moving' && !this.#isAnnounced) {
      this.#isAnnounced = true;
      supervise(this.#announce(), this.#options.logger, 'telling placement that peers are moved');
      return;
    }
    this.#carryOut(plan, occupants);
    this.#timer = clock.setTimer(plan.nextLookMs, () => this.#look());
  }

  #tell({ phase, etaAtMs }: Pick<DrainProgress, 'phase' | 'etaAtMs'>): void {
    this.#told = { phase, etaAtMs };
    const occupants = this.#options.occupants();
    const peers = occupants.reduce((sum, room) => sum + room.peers.length, 0);
    this.#options.drain.drainProgressed({
      phase,
      rooms: occupants.length,
      peers,
      moved: this.#moved,
      etaAtMs,
    });
  }

  async #announce(): Promise<void> {
    await this.#options.beat();
    this.#look();
  }

  #describe({ roomId, peers, broadcasterIds }: RoomOccupants): DrainingRoom {
    return {
      roomId,
      broadcasterIds,
      isBegun: this.#begunRooms.has(roomId),
      peers: peers
        .filter(({ peerId }) => !this.#leaving.has(keyOf(roomId, peerId)))
        .map(({ peerId }) => ({
          peerId,
          isAway: this.#options.isAway(roomId, peerId),
          moves: this.#moves.get(keyOf(roomId, peerId)) ?? 0,
        })),
    };
  }

  #carryOut({ move, evict, phase, nextLookMs, etaAtMs }: DrainPlan, occupants: RoomOccupants[]): void {
    if (move.length === 0 && evict.length === 0) return;
    const { logger, clock } = this.#options;
    const counts = {
      rooms: occupants.length,
      moved: this.#moved,
      moving: move.length,
      evicted: evict.length,
    };
    logger.info(
      { audit: 'drain-wave', commandId: this.#commandId, phase, ...counts, nextLookMs, etaAtMs },
      'peers leave the node',
    );
    for (const occupant of evict) this.#evict(occupant);
    for (const { roomId, peerId, afterMs } of move) {
      const timer = clock.setTimer(afterMs, () => {
        this.#wave.delete(timer);
        supervise(this.#move({ roomId, peerId }), logger, 'moving a peer');
      });
      this.#wave.add(timer);
    }
  }

  #evict(occupant: Occupant): void {
    try {
      this.#options.evict(occupant);
    } catch (error) {
      // Its room ended with whom was evicted before it.
      this.#options.logger.debug({ err: error, ...occupant }, 'who is evicted has gone already');
    }
  }

  async #move({ roomId, peerId }: Occupant): Promise<void> {
    const commandId = this.#commandId;
    const isWanted = () => this.#drain()?.commandId === commandId && !this.#options.isAway(roomId, peerId);
    const room = this.#options.occupants().find((one) => one.roomId === roomId);
    const peer = room?.peers.find((one) => one.peerId === peerId);
    if (peer === undefined || !isWanted()) return;
    const key = keyOf(roomId, peerId);
    this.#leaving.add(key);
    const result = await this.#options.mover.move({ roomId, ...peer }, isWanted);
    this.#leaving.delete(key);
    if (commandId !== this.#commandId) return;
    if (result === 'moved') {
      this.#moved += 1;
      this.#moves.set(key, (this.#moves.get(key) ?? 0) + 1);
      this.#begunRooms.add(roomId);
      if (this.#told) this.#tell(this.#told);
    } else if (result === 'refused') {
      this.#onRefused({ roomId, peerId });
    }
  }

  /** The others of the wave would hear the same. */
  #onRefused(occupant: Occupant): void {
    const { clock, logger } = this.#options;
    this.#refusedAtMs = clock.nowMs();
    logger.warn(
      { audit: 'drain-wave', commandId: this.#commandId, ...occupant, moved: this.#moved },
      'no other node takes a peer of this one: it stays, and so do the others for now',
    );
    this.#look();
  }
}

function keyOf(roomId: string, peerId: string): string {
  return JSON.stringify([roomId, peerId]);
}
