import { FleetError } from '../../core/errors';
import type { NodeState } from '../../core/node-state';
import type { EndedRoom, HeartbeatReply, RoomReport } from '../../core/placement/placement-port';
import type { MachineLoad } from '../meter/machine-load';
import type { NodeReport, NodeStatePort } from '../placement/node-registrar';
import type { MediaNode } from './media-node';

export interface MediaNodeStateOptions {
  media: MediaNode;
  machine: MachineLoad;
  /** The node's own state: whether it is cordoned or drains. */
  state: () => NodeState;
}

/** What the heartbeat reports of a media node. */
export class MediaNodeState implements NodeStatePort {
  readonly #options: MediaNodeStateOptions;

  constructor(options: MediaNodeStateOptions) {
    this.#options = options;
  }

  readState(): NodeReport {
    const { media, machine, state } = this.#options;
    const { capacity, committed, measured, rooms, peers, producers, consumers } = media.figures();
    return {
      state: state(),
      ready: media.ready,
      capacity,
      committed,
      measured,
      load: {
        ...machine.read(),
        rooms,
        clients: peers,
        tracks: producers + consumers,
        bytesPerSecond: Math.round(measured.egressBps / 8),
      },
    };
  }

  listRooms(): RoomReport[] {
    return this.#options.media.accounts.map((account) => account.report());
  }

  takeEndedRooms(): EndedRoom[] {
    return this.#options.media.takeEndedRooms();
  }

  takeSeenClaims(): number[] {
    return this.#options.media.takeSeenClaims();
  }

  dropRooms(lostRooms: HeartbeatReply['lostRooms']): void {
    const epochs = new Map(this.#options.media.accounts.map(({ roomId, epoch }) => [roomId, epoch]));
    for (const { roomId, epoch } of lostRooms) {
      const ours = epochs.get(roomId);
      // It may have ended, or have been given back to this node, since the heartbeat was composed.
      if (ours === undefined || ours >= epoch) continue;
      this.#options.media.dropRoom(roomId, new FleetError('FLEET_ERR_ROOM_MOVED'));
    }
  }
}
