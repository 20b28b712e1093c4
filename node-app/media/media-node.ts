import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import type { CapacityVector } from '../../core/capacity/capacity-vector';
import { egressModelOf } from '../../core/capacity/egress-model';
import { addVector, ZERO_VECTOR } from '../../core/capacity/headroom';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { BroadcasterOperation } from '../../core/protocol/demo/broadcaster-operations';
import type { EndedRoom } from '../../core/placement/placement-port';
import type { RoomDetail } from '../../core/protocol/room-detail';
import { peerLeftReasonOf, type RoomEventsSink } from '../../core/room-events';
import { EgressMeter } from '../meter/egress-meter';
import { InterfaceCounters } from '../meter/interface-counters';
import { NodeEgress } from '../meter/node-egress';
import type { BroadcasterPort } from './broadcaster-port';
import { mediaMeterSource } from './media-meter-source';
import type { MediaOptions } from './media-options';
import type { MediaPort, OpenPeerOptions, SignalledPeer } from './media-port';
import { workerDied } from './mediasoup-errors';
import { runBroadcasterOperation } from './operations/run-broadcaster-operation';
import { Room, type RoomListener } from './room';
import { RoomAccount } from './room-account';
import { RoomCascades } from './room-cascades';
import { describeRoom } from './room-description';
import { FIND_OTHERS_MS, RoomEntrance } from './room-entrance';
import { roomEndedReasonOf } from './room-ended-reason';
import type { RoomLinksHost, RoomPlace } from './room-links-port';
import { roomOccupants, type RoomOccupants } from './room-occupants';
import { RoomRegistry, type RoomSlot } from './room-registry';
import { roomSettings, type RoomSettings } from './room-settings';
import { NO_SHARING, type SharingOptions } from './sharing';
import { WorkerPool, type WorkerDeath, type WorkerDump } from './worker-pool';

export interface MediaNodeOptions {
  media: MediaOptions;
  clock: Clock;
  logger: Logger;
  /** Told of what happens to rooms and peers. @default nobody */
  events?: RoomEventsSink | undefined;
  /** How it shares rooms with other nodes. @default it doesn't */
  sharing?: SharingOptions | undefined;
}

export interface MediaNodeEvents {
  /** A worker process ended by itself; its rooms are closed with FLEET_ERR_WORKER_DIED. */
  workerDied: [{ worker: number; pid: number; roomIds: string[] }];
  /** Another one stands in for it. */
  workerReplaced: [];
}

/** What a node's heartbeat reports of its rooms. */
export interface RoomListing {
  roomId: string;
  epoch: number;
  peers: number;
}

/** Levels for metrics and heartbeats. */
export interface MediaFigures {
  capacity: CapacityVector;
  committed: CapacityVector;
  measured: CapacityVector;
  /** What the machine's interfaces sent over the last second; undefined where the kernel doesn't tell. */
  interfaceEgressBps: number | undefined;
  /** `measured` comes from the interfaces, because the meter is silent or misses much. */
  usesInterfaces: boolean;
  rooms: number;
  peers: number;
  producers: number;
  consumers: number;
  workersAlive: number;
  workersConfigured: number;
}

/** Transports that the egress meter samples per second and worker: at most 0.6 % of a core for each that forwards. */
const METERED_PER_WORKER = 100;
/** Tries to enter a room that ends at the same moment. */
const MAX_ENTRY_ATTEMPTS = 5;

/** The media side of a node: its workers, its rooms, and what they send. */
export class MediaNode extends EventEmitter<MediaNodeEvents> implements MediaPort, BroadcasterPort {
  readonly #options: MediaNodeOptions;
  readonly #settings: RoomSettings;
  readonly #pool: WorkerPool;
  readonly #registry = new RoomRegistry();
  readonly #cascades: RoomCascades;
  readonly #entrance: RoomEntrance;
  readonly #meter: EgressMeter;
  readonly #egress: NodeEgress;
  readonly #roomListener: RoomListener;
  readonly #endedRooms = new Map<string, EndedRoom>();
  #seenClaims: number[] = [];
  #closed = false;

  private constructor(options: MediaNodeOptions, pool: WorkerPool) {
    super();
    this.#options = options;
    this.#settings = roomSettings(options.media);
    this.#pool = pool;
    const sharing = options.sharing ?? NO_SHARING;
    this.#cascades = this.#createCascades(sharing);
    const { capacity, workers } = options.media;
    this.#entrance = new RoomEntrance({
      pool,
      cascades: this.#cascades,
      settings: this.#settings,
      safePacketsPerSecond: capacity.packetsPerSecond / workers,
      nodeId: sharing.nodeId,
      clock: options.clock,
    });
    this.#roomListener = this.#listenToRooms();
    this.#meter = new EgressMeter({
      source: mediaMeterSource(() => this.#registry.rooms()),
      transportsPerSecond: METERED_PER_WORKER * options.media.workers,
      clock: options.clock,
      logger: options.logger,
    });
    this.#meter.start();
    const { egressInterfaces } = options.media;
    this.#egress = new NodeEgress({
      meter: this.#meter,
      counters: new InterfaceCounters({ clock: options.clock, interfaces: namesOf(egressInterfaces) }),
      ownInterfaces: egressInterfaces !== undefined,
      clock: options.clock,
      logger: options.logger,
    });
    this.#egress.start();
    pool.on('died', (death) => this.#onWorkerDied(death));
    pool.on('replaced', () => this.emit('workerReplaced'));
  }

  /** Starts the workers. @throws when one can not start or a port is taken */
  static async create(options: MediaNodeOptions): Promise<MediaNode> {
    const { workerBin, workers, listenIp, announcedAddress, portBase } = options.media;
    const { clock, logger } = options;
    const pool = await WorkerPool.create({
      workerBin,
      count: workers,
      listenIp,
      announcedAddress,
      portBase,
      clock,
      logger,
    });
    return new MediaNode(options, pool);
  }

  /** False while a worker is missing, or the node is stopping: no new work should come here. */
  get ready(): boolean {
    return !this.#closed && this.#pool.complete;
  }

  /** Process ids of the workers that are alive. */
  get workerPids(): number[] {
    return this.#pool.workers.map(({ pid }) => pid);
  }

  /** UDP and TCP port of each worker, in their order; the system's choice where `portBase` is 0. */
  async mediaPorts(): Promise<number[]> {
    const dumps = await Promise.all(this.#pool.workers.map(({ webRtcServer }) => webRtcServer.dump()));
    return dumps.flatMap(({ udpSockets, tcpServers }) => [
      ...new Set([...udpSockets, ...tcpServers].map(({ port }) => port)),
    ]);
  }

  get accounts(): RoomAccount[] {
    return this.#registry.slots().map(({ account }) => account);
  }

  /** What other nodes ask of this one's rooms. */
  get sharing(): RoomLinksHost {
    return this.#cascades;
  }

  async openPeer(options: OpenPeerOptions): Promise<SignalledPeer> {
    this.#assertOpen();
    this.#seenClaims.push(options.claim.seq);
    for (let attempt = 1; attempt <= MAX_ENTRY_ATTEMPTS; attempt += 1) {
      const slot = this.#registry.find(options.roomId) ?? this.#createRoom(options);
      const signalled = await this.#entrance.enter(slot, options);
      if (signalled !== undefined) return signalled;
      this.#assertOpen();
    }
    throw new FleetError('FLEET_ERR_ROOM_MOVED', { message: 'the room keeps ending', retryAfterMs: 1_000 });
  }

  /** Claims of peers that have come since the last call of `takeSeenClaims`; the call forgets them. */
  takeSeenClaims(): number[] {
    const claims = this.#seenClaims;
    this.#seenClaims = [];
    return claims;
  }

  /** Rooms that ended since the last call; the call forgets them. */
  takeEndedRooms(): EndedRoom[] {
    const ended = Array.from(this.#endedRooms.values());
    this.#endedRooms.clear();
    return ended;
  }

  measured(): CapacityVector {
    return this.#egress.measured();
  }

  committed(): CapacityVector {
    return this.accounts.reduce((sum, account) => addVector(sum, account.committed()), ZERO_VECTOR);
  }

  figures(): MediaFigures {
    const figures: MediaFigures = {
      capacity: this.#options.media.capacity,
      committed: this.committed(),
      measured: this.measured(),
      interfaceEgressBps: this.#egress.interfaceEgressBps,
      usesInterfaces: this.#egress.usesInterfaces,
      rooms: this.#registry.size,
      peers: 0,
      producers: 0,
      consumers: 0,
      workersAlive: this.#pool.workers.length,
      workersConfigured: this.#options.media.workers,
    };
    for (const room of this.#registry.rooms()) {
      const broadcasters = Array.from(room.broadcasters.values());
      figures.peers += room.peers.length;
      for (const { entities } of [...room.peers, ...broadcasters]) {
        figures.producers += entities.producers.size;
        figures.consumers += entities.consumers.size;
      }
    }
    return figures;
  }

  listRooms(): RoomListing[] {
    return this.#registry.rooms().map(({ roomId, peers }) => ({
      roomId,
      epoch: this.#registry.find(roomId)?.account.epoch ?? 0,
      peers: peers.length,
    }));
  }

  /** Who is here, for a node that has to be emptied. */
  occupants(): RoomOccupants[] {
    return this.#registry
      .slots()
      .flatMap(({ room, account }) => (room === undefined ? [] : [roomOccupants(room, account)]));
  }

  hasRoom(roomId: string): boolean {
    return this.#registry.find(roomId) !== undefined;
  }

  /** @throws FleetError FLEET_ERR_NOT_FOUND */
  describeRoom(roomId: string): RoomDetail {
    const slot = this.#registry.find(roomId);
    if (slot?.room === undefined) throw noRoom(roomId);
    return describeRoom(slot.room, slot.account, this.#cascades.find(roomId));
  }

  /** As `describeRoom`, with how the room's pipes fare: asks the workers, so it is for an operator. */
  async measureRoom(roomId: string): Promise<RoomDetail> {
    const slot = this.#registry.find(roomId);
    if (slot?.room === undefined) throw noRoom(roomId);
    const pipes = await Promise.all(slot.room.routers.map((router) => router.measurePipes()));
    return { ...this.describeRoom(roomId), pipes: pipes.flat() };
  }

  /**
   * Ends a room for all its peers.
   * @param reason @default FLEET_ERR_ROOM_CLOSED
   * @throws FleetError FLEET_ERR_NOT_FOUND
   */
  closeRoom(roomId: string, reason = new FleetError('FLEET_ERR_ROOM_CLOSED')): void {
    if (!this.#registry.close(roomId, reason)) throw noRoom(roomId);
  }

  /** Placement says that a room has another home now. */
  followHome(roomId: string, place: Pick<RoomPlace, 'nodes' | 'epoch'>): void {
    this.#cascades.find(roomId)?.place({ ...place, homeLinkAddress: '' });
  }

  /** As `closeRoom`, and nothing happens when it isn't here. */
  dropRoom(roomId: string, reason: FleetError): void {
    this.#registry.close(roomId, reason);
  }

  /**
   * Removes one peer or broadcaster.
   * @param reason @default FLEET_ERR_PEER_REMOVED
   * @throws FleetError FLEET_ERR_NOT_FOUND
   */
  closePeer(roomId: string, peerId: string, reason = new FleetError('FLEET_ERR_PEER_REMOVED')): void {
    const room = this.#registry.find(roomId)?.room;
    const peer = room?.peer(peerId);
    const broadcaster = room?.broadcasters.get(peerId);
    if (peer === undefined && broadcaster === undefined) {
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `no peer ${peerId} in room ${roomId}` });
    }
    peer?.close(reason);
    broadcaster?.close();
  }

  async call(roomId: string, operation: BroadcasterOperation, params: unknown): Promise<unknown> {
    this.#assertOpen();
    const room = this.#registry.find(roomId)?.room;
    if (room === undefined) throw noRoom(roomId);
    try {
      return await runBroadcasterOperation(room, operation, params);
    } catch (error) {
      if (!(error instanceof FleetError)) room.logger.error({ err: error, operation }, 'an operation failed');
      throw FleetError.from(error);
    }
  }

  /** What mediasoup says it holds, for tests and support. */
  async dumpWorkers(): Promise<WorkerDump[]> {
    return this.#pool.dump();
  }

  /** Ends every room with `reason`, and the workers. Idempotent. */
  close(reason = new FleetError('FLEET_ERR_SHUTTING_DOWN')): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#meter.close();
    this.#egress.close();
    for (const room of this.#registry.rooms()) room.close(reason);
    this.#cascades.closeAll();
    this.#pool.close();
  }

  #createRoom(options: OpenPeerOptions): RoomSlot {
    const { roomId } = options;
    const { clock, logger } = this.#options;
    const worker = this.#pool.leastLoaded();
    const egressModel = egressModelOf(this.#settings);
    const account = new RoomAccount({ roomId, clock, measured: () => this.#meter.room(roomId), egressModel });
    // Before the router is there, so that the next room sees it.
    account.occupy(worker);
    const cascade = this.#cascades.open(roomId);
    return this.#registry.add(account, async () => {
      try {
        const listener = this.#roomListener;
        const room = await Room.create({
          roomId,
          worker,
          settings: this.#settings,
          clock,
          logger,
          listener,
          remotePipes: cascade.pipes,
        });
        account.attach(room);
        cascade.attach(room);
        const begins = await cascade.begins(FIND_OTHERS_MS);
        if (this.#closed || !worker.alive) {
          room.close();
          throw this.#closed ? new FleetError('FLEET_ERR_SHUTTING_DOWN') : workerDied();
        }
        if (begins) {
          const { epoch } = account;
          this.#options.events?.emit({ type: 'roomStarted', roomId, epoch, atMs: clock.nowMs() });
        }
        return room;
      } catch (error) {
        this.#cascades.close(roomId);
        account.leaveAll();
        throw error;
      }
    });
  }

  #listenToRooms(): RoomListener {
    const { events } = this.#options;
    return {
      peerJoined: (room, { peerId }) => {
        events?.emit({ type: 'peerJoined', ...this.#stamp(room), peerId });
      },
      peerLeft: (room, { peerId, joined, joinedAtMs, succeeded }, error) => {
        if (!joined || joinedAtMs === undefined || succeeded) return;
        const stamp = this.#stamp(room);
        const reason = error === undefined ? 'left' : peerLeftReasonOf(error.code);
        events?.emit({ type: 'peerLeft', ...stamp, peerId, reason, durationMs: stamp.atMs - joinedAtMs });
      },
      changed: (room) => {
        const slot = this.#slotOf(room);
        slot?.account.recount();
      },
      emptied: (room) => {
        const slot = this.#slotOf(room);
        if (slot === undefined || slot.account.entering === 0) room.close();
      },
      announced: (room, publisher) => this.#cascades.find(room.roomId)?.announce(publisher),
      withdrawn: (room, publisher) => this.#cascades.find(room.roomId)?.withdraw(publisher),
      speaking: (room, speakers, dominantPeerId) =>
        this.#cascades.find(room.roomId)?.speaking(speakers, dominantPeerId),
      leftWorker: (room, worker) => this.#slotOf(room)?.account.leave(worker),
      closed: (room, reason) => this.#onRoomClosed(room, reason),
    };
  }

  #createCascades(sharing: SharingOptions): RoomCascades {
    const { clock, logger } = this.#options;
    const registry = this.#registry;
    return new RoomCascades({
      ...sharing,
      registry,
      clock,
      logger,
      onChanged: (cascade, roomId) => {
        const account = registry.find(roomId)?.account;
        account?.setHome({ homeNodeId: cascade.isHome ? '' : cascade.homeId, epoch: cascade.epoch });
        const remotePublishers = cascade.elsewhere.publishers;
        account?.setCascade({ remotePublishers, otherNodes: cascade.nodeIds.length });
      },
    });
  }

  #onRoomClosed(room: Room, error: FleetError | undefined): void {
    const slot = this.#slotOf(room);
    if (slot === undefined) return;
    const stamp = this.#stamp(room);
    const { peakPeers } = slot.account;
    const durationMs = stamp.atMs - room.createdAtMs;
    const reason = roomEndedReasonOf(error);
    const cascade = this.#cascades.find(room.roomId);
    // The others go on with it; where it began it is also told as ended.
    const goesOn = cascade !== undefined && (!cascade.isHome || cascade.nodeIds.length > 0);
    this.#cascades.close(room.roomId);
    this.#registry.remove(slot);
    slot.account.leaveAll();
    this.#endedRooms.set(room.roomId, slot.account.ended());
    if (goesOn) return;
    this.#options.events?.emit({ type: 'roomEnded', ...stamp, reason, durationMs, peakPeers });
  }

  /** What every event of a room carries. */
  #stamp({ roomId }: Room): { roomId: string; epoch: number; atMs: number } {
    const epoch = this.#registry.find(roomId)?.account.epoch ?? 0;
    return { roomId, epoch, atMs: this.#options.clock.nowMs() };
  }

  #onWorkerDied({ worker, pid, roomIds }: WorkerDeath): void {
    // With another worker there is nothing to wait for, but who comes when.
    const reason = this.#pool.workers.length > 0 ? new FleetError('FLEET_ERR_WORKER_DIED') : workerDied();
    for (const roomId of roomIds) this.#registry.find(roomId)?.room?.workerDied(worker, reason);
    this.emit('workerDied', { worker: worker.index, pid, roomIds });
  }

  #slotOf(room: Room): RoomSlot | undefined {
    const slot = this.#registry.find(room.roomId);
    return slot?.room === room ? slot : undefined;
  }

  #assertOpen(): void {
    if (this.#closed) throw new FleetError('FLEET_ERR_SHUTTING_DOWN');
  }
}

function namesOf(interfaces: MediaOptions['egressInterfaces']): readonly string[] | undefined {
  return interfaces === 'all' ? undefined : interfaces;
}

function noRoom(roomId: string): FleetError {
  return new FleetError('FLEET_ERR_NOT_FOUND', { message: `no room ${roomId.slice(0, 256)}` });
}
