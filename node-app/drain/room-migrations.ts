import type { Logger } from 'pino';
import type { Clock, RandomSource, Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { RoomOccupants } from '../media/room-occupants';
import { supervise } from '../media/supervise';
import type { LocalSessionHost } from '../session/local-session-host';
import type { MigratingMover } from './migrating-mover';
import type { LeavingPeer } from './peer-mover';

export interface RoomMigrationsOptions {
  occupants: () => RoomOccupants[];
  sessions: Pick<LocalSessionHost, 'canMigrate'>;
  mover: Pick<MigratingMover, 'migrate' | 'ensurePlace'>;
  /** Joins that another node takes in a second. */
  joinsPerSecond: number;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

export interface RoomMigrationRequest {
  roomId: string;
  /** Where its peers go. @default where placement says, each */
  toNodeId?: string | undefined;
}

/** Peers of a room on this node. */
export interface RoomMigrationCounts {
  /** They go, one after the other, in the next seconds. */
  moving: number;
  /** Their clients can't migrate, or are away. */
  staying: number;
}

/** The first peer goes so long after the command, and the last one of a small room, milliseconds. */
const FIRST_AFTER_MS = 1_000;
const LAST_AFTER_MS = 5_000;
/** People who join while a room moves come to this node as long as it has a part of it. */
const MAX_ROUNDS = 5;

/** Moves the peers of a room off this node, because an operator wants it so. */
export class RoomMigrations {
  readonly #options: RoomMigrationsOptions;
  /** The newest command for each room; an older one is over. */
  readonly #running = new Map<string, symbol>();
  readonly #timers = new Set<Timer>();
  #closed = false;

  constructor(options: RoomMigrationsOptions) {
    this.#options = options;
  }

  /**
   * Begins, in place of an earlier command for the room, unless there is no place for anybody.
   * @throws FleetError FLEET_ERR_NOT_FOUND, FLEET_ERR_NO_CAPACITY, FLEET_ERR_PLACEMENT_UNAVAILABLE
   */
  async begin(request: RoomMigrationRequest): Promise<RoomMigrationCounts> {
    const { mover } = this.#options;
    const { roomId, toNodeId } = request;
    const [first] = this.#movable(this.#find(roomId));
    if (first) await mover.ensurePlace(first, toNodeId);
    const room = this.#find(roomId);
    if (room === undefined || this.#closed) {
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `no room ${roomId} on this node` });
    }
    const peers = this.#movable(room);
    const counts = { moving: peers.length, staying: room.peers.length - peers.length };
    const { logger } = this.#options;
    logger.info({ audit: 'migrate-room', roomId, toNodeId, ...counts }, 'a room is moved off this node');
    const command = Symbol(roomId);
    this.#running.set(roomId, command);
    supervise(this.#run(request, command), logger, 'moving a room');
    return counts;
  }

  /** Moves nobody any more. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#running.clear();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  async #run({ roomId, toNodeId }: RoomMigrationRequest, command: symbol): Promise<void> {
    const { mover, logger } = this.#options;
    const isWanted = () => this.#running.get(roomId) === command;
    const tried = new Set<string>();
    const results: Record<string, number> = {};
    for (let round = 1; round <= MAX_ROUNDS && isWanted(); round += 1) {
      const peers = this.#movable(this.#find(roomId)).filter(({ peerId }) => !tried.has(peerId));
      if (peers.length === 0) break;
      await this.#spread(peers, async (peer) => {
        tried.add(peer.peerId);
        if (!isWanted()) return;
        const result = await mover.migrate(peer, isWanted, toNodeId);
        results[result] = (results[result] ?? 0) + 1;
      });
    }
    if (!isWanted()) return;
    this.#running.delete(roomId);
    logger.info({ audit: 'migrate-room', roomId, toNodeId, results }, 'the room was moved');
  }

  /** One after the other: so that others who join don't wait behind them. */
  async #spread(peers: readonly LeavingPeer[], go: (peer: LeavingPeer) => Promise<void>): Promise<void> {
    const { clock, random, joinsPerSecond } = this.#options;
    const windowMs = Math.max(LAST_AFTER_MS - FIRST_AFTER_MS, (peers.length / joinsPerSecond) * 1_000);
    await Promise.all(
      peers.map(async (peer, index) => {
        const afterMs = FIRST_AFTER_MS + ((index + random()) * windowMs) / peers.length;
        await new Promise<void>((resolve) => {
          const timer = clock.setTimer(afterMs, () => {
            this.#timers.delete(timer);
            resolve();
          });
          this.#timers.add(timer);
        });
        await go(peer);
      }),
    );
  }

  #find(roomId: string): RoomOccupants | undefined {
    return this.#options.occupants().find((room) => room.roomId === roomId);
  }

  #movable(room: RoomOccupants | undefined): LeavingPeer[] {
    if (room === undefined) return [];
    const { roomId, peers } = room;
    return peers
      .filter(({ peerId }) => this.#options.sessions.canMigrate(roomId, peerId))
      .map((peer) => ({ roomId, ...peer }));
  }
}
