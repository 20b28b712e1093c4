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
import { ReceivingSlots, type ReceivingSlot } from './receiving-slots';
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
  /** The node from which it migrates: the others hear of it once it takes over. */
  migratesFrom?: string | undefined;
  logger: Logger;
}

/** A peer that migrates to here takes over within this time, milliseconds. */
const TAKE_OVER_TIMEOUT_MS = 30_000;
/** After it has migrated away, those who receive it have this long to go over to what it sends from there, milliseconds. */
const LINGER_MS = 5_000;
/** A stream that comes late from another node holds up those behind it for so long, milliseconds. */
const JOIN_PATIENCE_MS = 500;
/** As JOIN_PATIENCE_MS, where the earlier connection still plays all of them. */
const MIGRATION_PATIENCE_MS = 1_000;

/** What a peer says of itself when it joins. */
export interface JoinDetails {
  displayName: string;
  device: Device;
  rtpCapabilities: types.RtpCapabilities | undefined;
  /** The places of its receiving connection before it migrated. @default none */
  slots?: readonly ReceivingSlot[] | undefined;
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
  isAudience = false;
  readonly stamp: number;
  readonly migratedFrom: string | undefined;
  readonly #channel: PeerChannel;
  #dialect: Dialect = dialectOf('undecided');
  #join: JoinDetails | undefined;
  #joinedAtMs: number | undefined;
  /** Until it has joined, or taken over; after it has migrated until it ends. */
  #timer: Timer | undefined;
  #arriving: boolean;
  #succeeded = false;
  #slots: ReceivingSlots | undefined;
  #closed = false;
  #closeReason: FleetError | undefined;

  constructor(options: PeerOptions) {
    const { peerId, room, roomRouter, channel, stamp, grants, remoteAddress, migratesFrom, logger } = options;
    this.peerId = peerId;
    this.room = room;
    this.roomRouter = roomRouter;
    this.stamp = stamp;
    this.grants = grants;
    this.remoteAddress = remoteAddress;
    this.migratedFrom = migratesFrom;
    this.#arriving = migratesFrom !== undefined;
    this.logger = logger;
    this.#channel = channel;
    this.entities = new PeerEntities(room.settings.limits);
    this.openedAtMs = room.clock.nowMs();
    this.#closeAfter(room.settings.joinTimeoutMs, 'join');
  }

  get roomOptions(): RoomOptions | undefined {
    return this.grants.roomOptions;
  }

  get dialect(): Dialect {
    return this.#dialect;
  }

  get joined(): boolean {
    return this.listening && !this.#arriving;
  }

  get listening(): boolean {
    return this.#join !== undefined;
  }

  get succeeded(): boolean {
    return this.#succeeded;
  }

  get slots(): ReceivingSlots | undefined {
    return this.#slots;
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
    if (this.listening) throw new FleetError('FLEET_ERR_ALREADY_JOINED');
    this.#timer?.cancel();
    this.#join = details;
    this.#joinedAtMs = this.room.clock.nowMs();
    this.#slots = new ReceivingSlots({
      slots: this.#arriving ? details.slots : undefined,
      patienceMs: this.#arriving ? MIGRATION_PATIENCE_MS : JOIN_PATIENCE_MS,
      clock: this.room.clock,
    });
    if (!this.#arriving) return;
    this.#closeAfter(TAKE_OVER_TIMEOUT_MS, 'take over');
  }

  /**
   * Takes the place of the one from which it migrates: the others get what it sends from here. Idempotent.
   * @throws FleetError FLEET_ERR_NOT_JOINED
   */
  takeOver(): void {
    this.joinDetails();
    if (!this.#arriving) return;
    this.#arriving = false;
    this.#timer?.cancel();
    this.#channel.tookOver();
    this.room.tookOver(this);
  }

  /** The client says that it stays, for now. */
  migrationFailed(): void {
    this.#channel.migrationFailed();
  }

  succeed(): void {
    if (this.#succeeded || this.#closed) return;
    this.#succeeded = true;
    this.#channel.succeeded();
    this.#timer = this.room.clock.setTimer(LINGER_MS, () => {
      this.close(
        new FleetError('FLEET_ERR_PEER_REPLACED', { message: 'the peer has migrated to another node' }),
      );
    });
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

  #closeAfter(timeoutMs: number, missing: 'join' | 'take over'): void {
    this.#timer = this.room.clock.setTimer(timeoutMs, () => {
      const message = `the peer did not ${missing} within ${timeoutMs} ms`;
      this.close(new FleetError('FLEET_ERR_NOT_JOINED', { message }));
    });
  }

  /** Closes its objects and tells the room. With a reason, ends the client's session too. Idempotent. */
  close(reason?: FleetError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeReason = reason;
    this.#timer?.cancel();
    this.#slots?.close();
    this.entities.close();
    this.room.removePeer(this, reason);
    if (reason !== undefined) this.#channel.close(reason);
  }
}
