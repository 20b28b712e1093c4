import type { types } from 'mediasoup';
import type { Device, PeerInfo } from '../../core/protocol/demo/peer-info';
import { PeerEntities } from './peer-entities';
import type { Publisher } from './publisher';
import type { RoomRouter } from './room-router';
import type { RoomSettings } from './room-settings';

/** What a broadcaster needs of its room. */
export interface BroadcasterRoom {
  readonly settings: RoomSettings;
  broadcasterJoined(broadcaster: Publisher): void;
  removeBroadcaster(broadcaster: Publisher): void;
}

export interface BroadcasterOptions {
  broadcasterId: string;
  room: BroadcasterRoom;
  roomRouter: RoomRouter;
  displayName: string;
  device: Device;
  remoteAddress: string;
  /** What it can receive, if it said so at the beginning. */
  rtpCapabilities: types.RtpCapabilities | undefined;
}

/** A sender or receiver without signalling of its own, driven over HTTP. */
export class Broadcaster implements Publisher {
  readonly peerId: string;
  readonly entities: PeerEntities;
  readonly roomRouter: RoomRouter;
  readonly rtpCapabilities: types.RtpCapabilities | undefined;
  readonly #options: BroadcasterOptions;
  #joined = false;
  #closed = false;

  constructor(options: BroadcasterOptions) {
    this.#options = options;
    this.peerId = options.broadcasterId;
    this.roomRouter = options.roomRouter;
    this.rtpCapabilities = options.rtpCapabilities;
    this.entities = new PeerEntities(options.room.settings.limits);
  }

  get joined(): boolean {
    return this.#joined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  info(): PeerInfo {
    const { room, displayName, device, remoteAddress } = this.#options;
    return {
      peerId: this.peerId,
      displayName,
      device,
      remoteAddress: room.settings.showRemoteAddresses ? remoteAddress : '',
    };
  }

  join(): void {
    if (this.#joined) return;
    this.#joined = true;
    this.#options.room.broadcasterJoined(this);
  }

  /** Closes its transports and tells the room. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.entities.close();
    this.#options.room.removeBroadcaster(this);
  }
}
