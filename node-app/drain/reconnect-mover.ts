import type { Logger } from 'pino';
import { FleetError } from '../../core/errors';
import type { LeavingPeer, MoveResult, PeerMover } from './peer-mover';
import { hasPlaceElsewhere, type PlaceElsewhereOptions } from './place-elsewhere';

export interface ReconnectMoverOptions extends PlaceElsewhereOptions {
  /** Ends the peer's session. @throws FleetError FLEET_ERR_NOT_FOUND */
  closePeer: (roomId: string, peerId: string, reason: FleetError) => void;
  /** No other node had headroom for a peer: scaling should hear of it. */
  onNoCapacity: () => void;
  logger: Logger;
}

/** The node has chosen the moment, so the peer need not wait any more; 0 would leave the time to the client. */
const AT_ONCE_MS = 1;

/**
 * Moves a peer by having it join anew: placement, which knows that this node gets no peers, sends it to another node of
 * its room. Its media is interrupted for as long as that takes. It is told only if placement has a place for it right
 * now; who then comes second after all is sent back here by placement, and not refused.
 */
export class ReconnectMover implements PeerMover {
  readonly #options: ReconnectMoverOptions;

  constructor(options: ReconnectMoverOptions) {
    this.#options = options;
  }

  async move(peer: LeavingPeer, isWanted: () => boolean): Promise<MoveResult> {
    const { closePeer, onNoCapacity, logger } = this.#options;
    const { roomId, peerId } = peer;
    try {
      if (!(await hasPlaceElsewhere(this.#options, peer))) return 'refused';
      if (!isWanted()) return 'gone';
      closePeer(
        roomId,
        peerId,
        new FleetError('FLEET_ERR_ROOM_MOVED', {
          message: 'the node of this peer is being emptied',
          retryAfterMs: AT_ONCE_MS,
        }),
      );
      return 'moved';
    } catch (error) {
      const { code } = FleetError.from(error);
      if (code === 'FLEET_ERR_NOT_FOUND') return 'gone';
      if (code === 'FLEET_ERR_NO_CAPACITY') onNoCapacity();
      logger.warn({ err: error, roomId, peerId, code }, 'a peer can not be moved now');
      return 'refused';
    }
  }
}
