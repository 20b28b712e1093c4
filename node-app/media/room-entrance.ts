import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { OpenPeerOptions, SignalledPeer } from './media-port';
import { Peer } from './peer';
import { PeerSignalling } from './peer-signalling';
import { peerStamp } from './peer-stamp';
import type { Room } from './room';
import type { RoomAccount, Entry } from './room-account';
import type { RoomCascades } from './room-cascades';
import type { RoomPlace } from './room-links-port';
import type { RoomSlot } from './room-registry';
import type { RoomRouter } from './room-router';
import type { RoomSeat } from './room-routers';
import type { RoomSettings } from './room-settings';
import { workerForPeer } from './worker-for-peer';
import type { WorkerPool } from './worker-pool';

export interface RoomEntranceOptions {
  pool: WorkerPool;
  cascades: RoomCascades;
  settings: RoomSettings;
  /** What one worker safely sends. */
  safePacketsPerSecond: number;
  /** This node. */
  nodeId: string;
  clock: Clock;
}

/** A peer on its way to its place in a room. */
interface Seating {
  room: Room;
  roomRouter: RoomRouter;
  account: RoomAccount;
  entry: Entry;
  options: OpenPeerOptions;
}

/** How long the first peer of a further node waits for the room's home, so that it finds the others there. */
export const FIND_OTHERS_MS = 2_000;

/** Brings peers to their place in a room: on a worker that can carry them, once it is known who is in the room. */
export class RoomEntrance {
  readonly #options: RoomEntranceOptions;

  constructor(options: RoomEntranceOptions) {
    this.#options = options;
  }

  /** Undefined when the room ended before the peer could enter it. */
  async enter(slot: RoomSlot, options: OpenPeerOptions): Promise<SignalledPeer | undefined> {
    const { account } = slot;
    const entry = account.beginEntry(options);
    const cascade = this.#options.cascades.find(options.roomId);
    cascade?.place(this.#placeOf(options));
    let seat: RoomSeat | undefined;
    try {
      const room = await slot.created;
      await cascade?.settled(FIND_OTHERS_MS);
      if (room.closed) return undefined;
      seat = await this.#takeSeat(room, account, entry);
      if (seat === undefined || room.closed || seat.roomRouter.closed) return undefined;
      const { roomRouter } = seat;
      return new PeerSignalling(this.#seat({ room, roomRouter, account, entry, options }));
    } finally {
      seat?.release();
      account.endEntry(entry);
      account.recount();
      slot.room?.closeIfEmpty();
    }
  }

  /** Undefined when the room ended meanwhile. */
  async #takeSeat(room: Room, account: RoomAccount, entry: Entry): Promise<RoomSeat | undefined> {
    const { pool, safePacketsPerSecond, clock } = this.#options;
    const { workers } = pool;
    const nowMs = clock.monotonicMs();
    const worker = workerForPeer({ workers, room, account, entry, safePacketsPerSecond, nowMs });
    entry.worker = worker;
    account.occupy(worker);
    try {
      return await room.takeSeat(worker);
    } catch (error) {
      if (!room.routers.some((router) => router.worker === worker)) account.leave(worker);
      if (room.closed) return undefined;
      throw error;
    }
  }

  #seat({ room, roomRouter, account, entry, options }: Seating): Peer {
    const { peerId, channel, grants, remoteAddress, claim, migratesFrom } = options;
    const { cascades, settings, clock } = this.#options;
    const before = room.peer(peerId);
    const elsewhere = cascades.find(room.roomId)?.elsewhere.peers ?? 0;
    const isNew = before === undefined && migratesFrom === undefined;
    if (isNew && room.peers.length + elsewhere >= settings.maxPeersPerRoom) {
      throw new FleetError('FLEET_ERR_LIMIT_EXCEEDED', { message: `room ${room.roomId} is full` });
    }
    const logger = room.logger.child({ peerId });
    const stamp = peerStamp(claim, clock.nowMs());
    const peer = new Peer({
      peerId,
      room,
      roomRouter,
      channel,
      stamp,
      grants,
      remoteAddress,
      migratesFrom,
      logger,
    });
    account.endEntry(entry, peer);
    // The new one first: the room must not end between the two.
    room.addPeer(peer);
    before?.close(new FleetError('FLEET_ERR_PEER_REPLACED'));
    room.broadcasters.get(peerId)?.close();
    return peer;
  }

  /** Where placement says that the room lives. Who names no nodes knows of this one only. */
  #placeOf({ nodes, homeLinkAddress = '', epoch }: OpenPeerOptions): RoomPlace {
    return { nodes: nodes ?? [this.#options.nodeId], homeLinkAddress, epoch };
  }
}
