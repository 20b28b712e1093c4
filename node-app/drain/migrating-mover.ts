import type { Logger } from 'pino';
import type { RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { LocalSessionHost } from '../session/local-session-host';
import type { LeavingPeer, MoveResult, PeerMover } from './peer-mover';
import { hasPlaceElsewhere, type PlaceElsewhereOptions } from './place-elsewhere';

export interface MigratingMoverOptions extends PlaceElsewhereOptions {
  sessions: Pick<LocalSessionHost, 'movableSession'>;
  /** For clients that can't migrate, and those that could not. */
  fallback: PeerMover;
  /** No other node had headroom for a peer: scaling should hear of it. */
  onNoCapacity: () => void;
  random: RandomSource;
  logger: Logger;
}

/** A client has this long to be there, milliseconds: its pictures are, two seconds later at the latest. */
const ATTEMPT_TIMEOUT_MS = 12_000;
const MAX_ATTEMPTS = 3;
/** Between two attempts, milliseconds: whatever made the one fail may be over then. */
const PAUSE_MS = { least: 3_000, most: 5_000 } as const;

/**
 * Moves a peer without a gap: its client opens a session on another node of the room beside the one here, and this one ends
 * once the other has taken over. A client that can't, or that did not manage it three times, joins anew.
 */
export class MigratingMover implements PeerMover {
  readonly #options: MigratingMoverOptions;

  constructor(options: MigratingMoverOptions) {
    this.#options = options;
  }

  async move(peer: LeavingPeer, isWanted: () => boolean): Promise<MoveResult> {
    const { sessions, fallback } = this.#options;
    const canMigrate = sessions.movableSession(peer.roomId, peer.peerId)?.canMigrate ?? false;
    const result = canMigrate ? await this.migrate(peer, isWanted) : 'failed';
    return result === 'failed' ? fallback.move(peer, isWanted) : result;
  }

  /**
   * As `move`, for a peer that is not to be interrupted.
   * @param toNodeId where it must go @default where placement says
   * @returns `failed`: its client did not manage it, and goes on here
   */
  async migrate(
    peer: LeavingPeer,
    isWanted: () => boolean,
    toNodeId?: string,
  ): Promise<MoveResult | 'failed'> {
    const { sessions, logger } = this.#options;
    const { roomId, peerId } = peer;
    const session = sessions.movableSession(roomId, peerId);
    if (session === undefined) return 'gone';
    for (let attempt = 1; ; attempt += 1) {
      const hasPlace = await this.#hasPlace(peer, toNodeId);
      // Of an attempt before that had timed out, or because somebody else wanted it: then the node may be empty by now.
      if (session.hasMigrated) return 'moved';
      if (!hasPlace) return 'refused';
      if (!isWanted()) return 'gone';
      const outcome = await session.migrate({ toNodeId, timeoutMs: ATTEMPT_TIMEOUT_MS });
      if (outcome !== 'failed') return outcome;
      logger.info({ roomId, peerId, attempt }, 'a peer did not migrate');
      if (attempt === MAX_ATTEMPTS) return 'failed';
      const late = await session.restFromMigration(this.#pauseMs());
      if (late !== 'failed') return late;
      if (!isWanted()) return 'gone';
    }
  }

  /**
   * Whether anybody of that peer's room could go at all: an operator wants to know at once.
   * @throws FleetError FLEET_ERR_NO_CAPACITY, FLEET_ERR_PLACEMENT_UNAVAILABLE
   */
  async ensurePlace(peer: LeavingPeer, toNodeId: string | undefined): Promise<void> {
    try {
      if (await hasPlaceElsewhere(this.#options, peer, { toNodeId })) return;
    } catch (error) {
      if (FleetError.from(error).code !== 'FLEET_ERR_NO_CAPACITY') throw error;
      const who = toNodeId === undefined ? 'no other node takes' : `node ${toNodeId} does not take`;
      throw new FleetError('FLEET_ERR_NO_CAPACITY', {
        message: `${who} anybody of this room: without headroom for one peer, or cordoned, draining or not ready`,
        cause: error,
      });
    }
    throw new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE');
  }

  /** Before the client notices anything. */
  async #hasPlace(peer: LeavingPeer, toNodeId: string | undefined): Promise<boolean> {
    const { onNoCapacity, logger } = this.#options;
    const { roomId, peerId } = peer;
    try {
      return await hasPlaceElsewhere(this.#options, peer, { toNodeId });
    } catch (error) {
      const { code } = FleetError.from(error);
      if (code === 'FLEET_ERR_NO_CAPACITY' && toNodeId === undefined) onNoCapacity();
      logger.warn({ err: error, roomId, peerId, code }, 'a peer can not be moved now');
      return false;
    }
  }

  #pauseMs(): number {
    const { least, most } = PAUSE_MS;
    return least + this.#options.random() * (most - least);
  }
}
