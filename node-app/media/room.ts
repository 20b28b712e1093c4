import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock';
import type { FleetError } from '../../core/errors';
import type { PeerInfo } from '../../core/protocol/demo/peer-info';
import type { Broadcaster } from './broadcaster';
import { isForTheBot } from './bot-channel';
import { withoutCaptureTime } from './capture-time';
import type { MediaWorker } from './media-worker';
import { callMediasoup } from './mediasoup-errors';
import { consume } from './operations/consume';
import { consumeData } from './operations/consume-data';
import type { Publisher } from './publisher';
import type { RoomMember } from './room-member';
import type { RoomSettings } from './room-settings';
import { ROUTER_CODECS } from './router-codecs';
import { Speakers } from './speakers';
import { supervise } from './supervise';

/** What a room tells its node. */
export interface RoomListener {
  peerJoined(room: Room, peer: RoomMember): void;
  peerLeft(room: Room, peer: RoomMember, reason: FleetError | undefined): void;
  /** Who is here or what is sent has changed. */
  changed(room: Room): void;
  /** Nobody is left. */
  emptied(room: Room): void;
  closed(room: Room, reason: FleetError | undefined): void;
}

export interface RoomOptions {
  roomId: string;
  worker: MediaWorker;
  settings: RoomSettings;
  clock: Clock;
  logger: Logger;
  listener: RoomListener;
}

/** One call: a router on a worker, the peers in it, and who gets what from whom. */
export class Room {
  readonly roomId: string;
  readonly worker: MediaWorker;
  readonly router: types.Router;
  readonly settings: RoomSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly createdAtMs: number;
  /** The router's capabilities as clients get to know them. */
  readonly clientCapabilities: types.RtpCapabilities;
  readonly broadcasters = new Map<string, Broadcaster>();
  readonly #peers = new Map<string, RoomMember>();
  readonly #listener: RoomListener;
  readonly #speakers: Speakers;
  #closed = false;

  private constructor(options: RoomOptions, router: types.Router, speakers: Speakers) {
    this.roomId = options.roomId;
    this.worker = options.worker;
    this.settings = options.settings;
    this.clock = options.clock;
    this.logger = options.logger.child({ roomId: options.roomId });
    this.router = router;
    this.createdAtMs = options.clock.nowMs();
    this.clientCapabilities = withoutCaptureTime(router.rtpCapabilities);
    this.#listener = options.listener;
    this.#speakers = speakers;
    speakers.listen({
      onSpeaking: (list) => this.#forJoined((peer) => peer.tell(...peer.dialect.speaking(list))),
      onDominantSpeaker: (peerId) =>
        this.#forJoined((peer) => peer.tell(...peer.dialect.dominantSpeaker(peerId))),
    });
  }

  /** @throws FleetError FLEET_ERR_WORKER_DIED */
  static async create(options: RoomOptions): Promise<Room> {
    return callMediasoup(async () => {
      const router = await options.worker.worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] });
      try {
        return new Room(options, router, await Speakers.create(router, options.logger));
      } catch (error) {
        router.close();
        throw error;
      }
    });
  }

  get webRtcServer(): types.WebRtcServer {
    return this.worker.webRtcServer;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Every peer, joined or not. */
  get peers(): RoomMember[] {
    return Array.from(this.#peers.values());
  }

  peer(peerId: string): RoomMember | undefined {
    return this.#peers.get(peerId);
  }

  /** Enters a peer. The one with the same id before it stays in the map until it is closed by the caller. */
  addPeer(peer: RoomMember): void {
    this.#peers.set(peer.peerId, peer);
    this.#listener.changed(this);
  }

  removePeer(peer: RoomMember, reason: FleetError | undefined): void {
    if (this.#peers.get(peer.peerId) === peer) this.#peers.delete(peer.peerId);
    if (peer.joined) this.#tellPeerClosed(peer.peerId);
    this.#listener.peerLeft(this, peer, reason);
    this.#listener.changed(this);
    this.closeIfEmpty();
  }

  /** Broadcasters don't keep a room open: as in mediasoup-demo it ends with its last peer. */
  closeIfEmpty(): void {
    if (!this.#closed && this.#peers.size === 0) this.#listener.emptied(this);
  }

  /** Makes a peer that has joined known, and returns whom it finds. */
  joined(peer: RoomMember): PeerInfo[] {
    const info = peer.info();
    this.#forJoined((other) => {
      if (other !== peer) other.tell(other.dialect.newPeer(info));
    });
    this.#listener.peerJoined(this, peer);
    this.#listener.changed(this);
    this.subscribeToAll(peer);
    // A moment later, so that the answer to its join comes first.
    this.clock.setTimer(0, () => this.#tellSpeakers(peer));
    return this.#publishersBut(peer).map((publisher) => publisher.info());
  }

  /** Offers a peer everything that the others send. */
  subscribeToAll(peer: RoomMember): void {
    for (const publisher of this.#publishersBut(peer)) {
      for (const producer of publisher.entities.producers.values()) this.#offer(peer, publisher, producer);
      for (const dataProducer of publisher.entities.dataProducers.values()) {
        void this.#offerData(peer, publisher, dataProducer);
      }
    }
  }

  /** A new producer goes to everybody else. */
  produced(publisher: Publisher, producer: types.Producer): void {
    if (producer.kind === 'audio') this.#speakers.add(producer);
    producer.observer.on('close', () => this.#listener.changed(this));
    this.#listener.changed(this);
    this.#forJoined((peer) => {
      if (peer !== publisher) this.#offer(peer, publisher, producer);
    });
  }

  /**
   * A new data producer goes to everybody else, unless it is for mediasoup-demo's robot. Resolves once each of them
   * has taken or refused it; never rejects.
   */
  async dataProduced(publisher: Publisher, dataProducer: types.DataProducer): Promise<void> {
    const offers: Promise<void>[] = [];
    this.#forJoined((peer) => {
      if (peer !== publisher) offers.push(this.#offerData(peer, publisher, dataProducer));
    });
    await Promise.all(offers);
  }

  renamed(peer: RoomMember, displayName: string, oldDisplayName: string): void {
    this.#forJoined((other) => {
      if (other === peer) return;
      other.notify('peerDisplayNameChanged', { peerId: peer.peerId, displayName, oldDisplayName });
    });
  }

  broadcasterJoined(broadcaster: Publisher): void {
    const info = broadcaster.info();
    this.#forJoined((peer) => peer.tell(peer.dialect.newPeer(info)));
    this.#listener.changed(this);
  }

  removeBroadcaster(broadcaster: Publisher): void {
    if (this.broadcasters.get(broadcaster.peerId) === broadcaster)
      this.broadcasters.delete(broadcaster.peerId);
    if (broadcaster.joined) this.#tellPeerClosed(broadcaster.peerId);
    this.#listener.changed(this);
  }

  /** Peers and broadcasters that the others know of. */
  publishers(): Publisher[] {
    return [...this.#peers.values(), ...this.broadcasters.values()].filter(({ joined }) => joined);
  }

  /** Ends the call for everybody, telling the peers why. Idempotent. */
  close(reason?: FleetError): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const peer of this.peers) peer.close(reason);
    for (const broadcaster of Array.from(this.broadcasters.values())) broadcaster.close();
    this.router.close();
    this.#listener.closed(this, reason);
  }

  #publishersBut(peer: RoomMember): Publisher[] {
    return this.publishers().filter((publisher) => publisher !== peer);
  }

  #offer(peer: RoomMember, publisher: Publisher, producer: types.Producer): void {
    supervise(
      consume({ router: this.router, subscriber: peer, publisher, producer }),
      peer.logger,
      'offering a producer',
    );
  }

  /** Never rejects. */
  async #offerData(peer: RoomMember, publisher: Publisher, dataProducer: types.DataProducer): Promise<void> {
    if (isForTheBot(dataProducer)) return;
    const offer = consumeData(peer, publisher, dataProducer);
    supervise(offer, peer.logger, 'offering a data producer');
    await Promise.allSettled([offer]);
  }

  /** Whoever comes while somebody speaks; from then on it hears of changes. */
  #tellSpeakers(peer: RoomMember): void {
    if (this.#closed || peer.closed) return;
    const { speaking, dominantPeerId } = this.#speakers.now();
    if (speaking.length === 0) return;
    peer.tell(...peer.dialect.speaking(speaking));
    if (dominantPeerId !== undefined) peer.tell(...peer.dialect.dominantSpeaker(dominantPeerId));
  }

  #tellPeerClosed(peerId: string): void {
    // While the room ends, each peer learns that by itself.
    if (this.#closed) return;
    this.#forJoined((other) => other.notify('peerClosed', { peerId }));
  }

  #forJoined(tell: (peer: RoomMember) => void): void {
    for (const peer of this.#peers.values()) {
      if (peer.joined && !peer.closed) tell(peer);
    }
  }
}
