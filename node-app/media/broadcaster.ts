import type { types } from 'mediasoup';
import type { Device, PeerInfo } from '../../core/protocol/demo/peer-info';
import { dataPublicationsOf, publicationsOf } from './local-publication';
import { PeerEntities } from './peer-entities';
import type { DataPublication, Publication } from './publication';
import type { LocalPublisher } from './publisher';
import type { RoomRouter } from './room-router';
import type { RoomSettings } from './room-settings';

/** What a broadcaster needs of its room. */
export interface BroadcasterRoom {
  readonly settings: RoomSettings;
  broadcasterJoined(broadcaster: LocalPublisher): void;
  removeBroadcaster(broadcaster: LocalPublisher): void;
}

export interface BroadcasterOptions {
  broadcasterId: string;
  room: BroadcasterRoom;
  roomRouter: RoomRouter;
  /** Which of two with the same id is the newer one: the higher. */
  stamp: number;
  displayName: string;
  device: Device;
  remoteAddress: string;
  /** What it can receive, if it said so at the beginning. */
  rtpCapabilities: types.RtpCapabilities | undefined;
}

/** A sender or receiver without signalling of its own, driven over HTTP. */
export class Broadcaster implements LocalPublisher {
  readonly peerId: string;
  readonly stamp: number;
  readonly entities: PeerEntities;
  readonly roomRouter: RoomRouter;
  readonly rtpCapabilities: types.RtpCapabilities | undefined;
  readonly #options: BroadcasterOptions;
  #joined = false;
  #closed = false;

  constructor(options: BroadcasterOptions) {
    this.#options = options;
    this.peerId = options.broadcasterId;
    this.stamp = options.stamp;
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

  publications(): Publication[] {
    return publicationsOf(this);
  }

  dataPublications(): DataPublication[] {
    return dataPublicationsOf(this);
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
