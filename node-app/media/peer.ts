import * as mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Timer } from '../../core/clock';
import { FleetError } from '../../core/errors';
import { generationAfter, type ObservedMessage } from '../../core/protocol/demo/generation';
import type { Device, PeerInfo } from '../../core/protocol/demo/peer-info';
import type { RoomOptions } from '../../core/room-options';
import type { PeerGrants } from '../../core/session/session-port';
import type { Dialect, ServerNotification } from './dialects/dialect';
import { dialectOf } from './dialects/dialect-of';
import { dataPublicationsOf, publicationsOf } from './local-publication';
import type { PeerChannel } from './media-port';
import { PeerEntities } from './peer-entities';
import type { DataPublication, Publication } from './publication';
import type { LocalPublisher } from './publisher';
import type { Room } from './room';
import type { RoomRouter } from './room-router';

export interface PeerOptions {
  peerId: string;
  room: Room;
  roomRouter: RoomRouter;
  channel: PeerChannel;
  /** Which of two peers with the same id is the newer one: the higher. */
  stamp: number;
  grants: PeerGrants;
  remoteAddress: string;
  logger: Logger;
}

/** What a peer says of itself when it joins. */
export interface JoinDetails {
  displayName: string;
  device: Device;
  rtpCapabilities: types.RtpCapabilities | undefined;
}

/** One client in a room: its mediasoup objects, what it may do, and the way to reach it in its own dialect. */
export class Peer implements LocalPublisher {
  readonly peerId: string;
  readonly room: Room;
  readonly roomRouter: RoomRouter;
  readonly grants: PeerGrants;
  readonly remoteAddress: string;
  readonly entities: PeerEntities;
  readonly logger: Logger;
  readonly openedAtMs: number;
  readonly stamp: number;
  readonly #channel: PeerChannel;
  #dialect: Dialect = dialectOf('undecided');
  #join: JoinDetails | undefined;
  #joinedAtMs: number | undefined;
  #joinTimer: Timer | undefined;
  #closed = false;
  #closeReason: FleetError | undefined;

  constructor(options: PeerOptions) {
    const { peerId, room, roomRouter, channel, stamp, grants, remoteAddress, logger } = options;
    this.peerId = peerId;
    this.room = room;
    this.roomRouter = roomRouter;
    this.stamp = stamp;
    this.grants = grants;
    this.remoteAddress = remoteAddress;
    this.logger = logger;
    this.#channel = channel;
    this.entities = new PeerEntities(room.settings.limits);
    this.openedAtMs = room.clock.nowMs();
    const { joinTimeoutMs } = room.settings;
    this.#joinTimer = room.clock.setTimer(joinTimeoutMs, () => {
      this.close(
        new FleetError('FLEET_ERR_NOT_JOINED', {
          message: `the peer did not join within ${joinTimeoutMs} ms`,
        }),
      );
    });
  }

  get roomOptions(): RoomOptions | undefined {
    return this.grants.roomOptions;
  }

  get dialect(): Dialect {
    return this.#dialect;
  }

  get joined(): boolean {
    return this.#join !== undefined;
  }

  /** Milliseconds since 1970; undefined before. */
  get joinedAtMs(): number | undefined {
    return this.#joinedAtMs;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What it can receive; undefined: it doesn't want to, may not, or has not joined. */
  get rtpCapabilities(): types.RtpCapabilities | undefined {
    return this.grants.canSubscribe ? this.#join?.rtpCapabilities : undefined;
  }

  publications(): Publication[] {
    return publicationsOf(this);
  }

  dataPublications(): DataPublication[] {
    return dataPublicationsOf(this);
  }

  info(): PeerInfo {
    const { displayName, device } = this.joinDetails();
    return {
      peerId: this.peerId,
      displayName,
      device,
      remoteAddress: this.room.settings.showRemoteAddresses ? this.remoteAddress : '',
    };
  }

  /** Learns the client's generation from what it sends; see core/protocol/demo/generation.ts. */
  observe(message: ObservedMessage): void {
    const before = this.#dialect.generation;
    const after = generationAfter(before, message);
    if (after === before) return;
    this.#dialect = dialectOf(after);
    this.tell(this.#dialect.version(mediasoup.version));
  }

  /** @throws FleetError FLEET_ERR_ALREADY_JOINED */
  join(details: JoinDetails): void {
    if (this.joined) throw new FleetError('FLEET_ERR_ALREADY_JOINED');
    this.#joinTimer?.cancel();
    this.#joinTimer = undefined;
    this.#join = details;
    this.#joinedAtMs = this.room.clock.nowMs();
  }

  /** @throws FleetError FLEET_ERR_NOT_JOINED */
  joinDetails(): JoinDetails {
    if (this.#join === undefined) throw new FleetError('FLEET_ERR_NOT_JOINED');
    return this.#join;
  }

  /** Returns the name before. @throws FleetError FLEET_ERR_NOT_JOINED */
  rename(displayName: string): string {
    const details = this.joinDetails();
    this.#join = { ...details, displayName };
    return details.displayName;
  }

  notify(method: string, data: object): void {
    if (!this.#closed) this.#channel.notify(method, data);
  }

  tell(...notifications: readonly ServerNotification[]): void {
    for (const { method, data } of notifications) this.notify(method, data);
  }

  /** @throws FleetError when the client refuses or the session ends */
  async request(method: string, data: unknown): Promise<void> {
    this.assertOpen();
    await this.#channel.request(method, data);
  }

  /** @throws FleetError the reason for which the peer was closed */
  assertOpen(): void {
    if (this.#closed) throw this.#closeReason ?? new FleetError('FLEET_ERR_SESSION_GONE');
  }

  /** Closes its objects and tells the room. With a reason, ends the client's session too. Idempotent. */
  close(reason?: FleetError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeReason = reason;
    this.#joinTimer?.cancel();
    this.entities.close();
    this.room.removePeer(this, reason);
    if (reason !== undefined) this.#channel.close(reason);
  }
}
