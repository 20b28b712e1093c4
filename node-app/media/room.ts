import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock';
import type { FleetError } from '../../core/errors';
import type { PeerInfo } from '../../core/protocol/demo/peer-info';
import type { Broadcaster } from './broadcaster';
import { isForTheBot } from './bot-channel';
import { withoutCaptureTime } from './capture-time';
import type { PublishedMedia } from './cascade/pipe-source';
import type { RemotePipes } from './cascade/remote-pipes';
import type { Speaker } from './dialects/dialect';
import { RoomForwarding } from './forwarding/room-forwarding';
import { isMicrophone } from './is-microphone';
import type { MediaWorker } from './media-worker';
import { workerDied } from './mediasoup-errors';
import type { PeerEntities } from './peer-entities';
import { LocalDataPublication, LocalPublication } from './local-publication';
import type { DataPublication, Publication } from './publication';
import type { LocalPublisher, Publisher } from './publisher';
import type { RemoteChange, RemotePublisher } from './remote-publisher';
import type { RoomMember } from './room-member';
import { RoomOffers } from './room-offers';
import { Roster } from './roster';
import type { RoomRouter } from './room-router';
import { RoomRouters, type RoomSeat } from './room-routers';
import type { RoomSettings } from './room-settings';
import { RoomSpeakers } from './room-speakers';

/** What a room tells its node. */
export interface RoomListener {
  peerJoined(room: Room, peer: RoomMember): void;
  peerLeft(room: Room, peer: RoomMember, reason: FleetError | undefined): void;
  /** Who is here or what is sent has changed. */
  changed(room: Room): void;
  /** What the others may know of a publisher here has changed. */
  announced(room: Room, publisher: LocalPublisher): void;
  /** A publisher here is no more. */
  withdrawn(room: Room, publisher: LocalPublisher): void;
  /** Who is heard on this node, loudest first, and who of them holds the floor. */
  speaking(room: Room, speakers: readonly Speaker[], dominantPeerId: string | undefined): void;
  /** Nobody is left. */
  emptied(room: Room): void;
  /** The room is no longer on this worker. */
  leftWorker(room: Room, worker: MediaWorker): void;
  closed(room: Room, reason: FleetError | undefined): void;
}

export interface RoomOptions {
  roomId: string;
  /** Where it begins. */
  worker: MediaWorker;
  settings: RoomSettings;
  clock: Clock;
  logger: Logger;
  listener: RoomListener;
  /** Its pipes with other nodes. @default there are none */
  remotePipes?: RemotePipes | undefined;
}

/** One call: its routers, the peers in it, and who gets what from whom. */
export class Room {
  readonly roomId: string;
  readonly settings: RoomSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly createdAtMs: number;
  readonly broadcasters = new Map<string, Broadcaster>();
  /** Who gets what of all that could be had. */
  readonly forwarding: RoomForwarding;
  readonly #peers = new Map<string, RoomMember>();
  /** Publishers on other nodes of the room. */
  readonly #remotePublishers = new Map<string, RemotePublisher>();
  /** Those of them that have migrated: who receives them goes on doing so until they end. */
  readonly #lingering = new Set<RemotePublisher>();
  readonly #routers: RoomRouters;
  readonly #listener: RoomListener;
  readonly #speakers: RoomSpeakers;
  readonly #roster: Roster;
  readonly #offers: RoomOffers;
  #closed = false;

  private constructor(options: RoomOptions) {
    this.roomId = options.roomId;
    this.settings = options.settings;
    this.clock = options.clock;
    this.logger = options.logger.child({ roomId: options.roomId });
    this.createdAtMs = options.clock.nowMs();
    this.#listener = options.listener;
    this.forwarding = new RoomForwarding({
      defaults: this.settings,
      publishers: () => [...this.publishers(), ...this.#succeeded(), ...this.#lingering],
      clock: this.clock,
      logger: this.logger,
    });
    this.#offers = new RoomOffers({ forwarding: this.forwarding, clock: options.clock });
    this.#roster = new Roster({
      maxListed: options.settings.maxListedPeers,
      publishers: () => this.publishers(),
      forEachListener: (tell) => this.#forJoined(tell),
      clock: options.clock,
    });
    this.#speakers = new RoomSpeakers({
      clock: options.clock,
      listener: {
        onSpeaking: (list) => this.#forJoined((peer) => peer.tell(...peer.dialect.speaking(list))),
        onDominantSpeaker: (peerId) => {
          this.#forJoined((peer) => peer.tell(...peer.dialect.dominantSpeaker(peerId)));
          this.forwarding.spoke(peerId);
        },
        onHereChanged: (list, dominantPeerId) => {
          this.#listener.speaking(this, list, dominantPeerId);
          this.forwarding.heard.measured();
        },
      },
    });
    this.#routers = new RoomRouters({
      settings: options.settings,
      publishedOn: (worker) => this.#publishedOn(worker),
      used: () => new Set([...this.peers, ...this.broadcasters.values()].map(({ roomRouter }) => roomRouter)),
      onOpened: (router) => {
        this.#speakers.add(router.speakers);
        this.forwarding.heard.addRouter(router);
      },
      onClosed: (router) => {
        this.#speakers.remove(router.speakers);
        this.forwarding.heard.removeRouter(router);
        this.#listener.leftWorker(this, router.worker);
      },
      remotePipes: options.remotePipes,
      clock: options.clock,
      logger: this.logger,
    });
  }

  /** @throws FleetError FLEET_ERR_WORKER_DIED */
  static async create(options: RoomOptions): Promise<Room> {
    const room = new Room(options);
    await room.#routers.open(options.worker);
    return room;
  }

  /** At least one, until the room is closed. */
  get routers(): readonly RoomRouter[] {
    return this.#routers.all;
  }

  /** The one that has been there longest. @throws FleetError FLEET_ERR_WORKER_DIED when there is none */
  get firstRouter(): RoomRouter {
    const [first] = this.#routers.all;
    if (first === undefined) throw workerDied();
    return first;
  }

  /** The routers' capabilities, which are all the same, as clients get to know them. */
  get clientCapabilities(): types.RtpCapabilities {
    return withoutCaptureTime(this.firstRouter.router.rtpCapabilities);
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

  /** A place at the room's router on this worker, which is opened when there is none. */
  takeSeat(worker: MediaWorker): Promise<RoomSeat> {
    return this.#routers.takeSeat(worker);
  }

  /** Ends, with that reason, the part of the room that was on this worker: all of it, when nobody sits elsewhere. */
  workerDied(worker: MediaWorker, reason: FleetError): void {
    const lost = this.#routers.find(worker);
    const survives = this.peers.some(({ roomRouter }) => roomRouter.worker !== worker);
    if (!survives) {
      this.close(reason);
      return;
    }
    if (lost === undefined) return;
    this.#routers.forget(lost);
    for (const peer of this.peers) if (peer.roomRouter === lost) peer.close(reason);
    for (const broadcaster of Array.from(this.broadcasters.values())) {
      if (broadcaster.roomRouter === lost) broadcaster.close();
    }
  }

  /** Enters a peer. The one with the same id before it stays in the map until it is closed by the caller. */
  addPeer(peer: RoomMember): void {
    this.#peers.set(peer.peerId, peer);
    this.#listener.changed(this);
  }

  removePeer(peer: RoomMember, reason: FleetError | undefined): void {
    if (this.#peers.get(peer.peerId) === peer) this.#peers.delete(peer.peerId);
    if (peer.joined) this.#withdraw(peer);
    this.#listener.peerLeft(this, peer, reason);
    this.#listener.changed(this);
    this.closeIfEmpty();
    this.#routers.closeUnused();
  }

  /**
   * Broadcasters don't keep a room open: as in mediasoup-demo it ends with its last peer. But they stay for peers on
   * other nodes.
   */
  closeIfEmpty(): void {
    if (this.#closed || this.#peers.size > 0) return;
    if (this.broadcasters.size > 0 && this.#remotePublishers.size > 0) return;
    this.#listener.emptied(this);
  }

  /** Makes a peer that has joined known, unless it is only arriving, and returns whom it finds. */
  joined(peer: RoomMember): { peers: PeerInfo[]; audience: number } {
    if (peer.joined) {
      this.#roster.admit(peer);
      this.forwarding.reviewSoon();
      this.#listener.peerJoined(this, peer);
      this.#listener.announced(this, peer);
    }
    this.#listener.changed(this);
    this.#offers.joined();
    this.subscribeToAll(peer);
    // A moment later, so that the answer to its join comes first.
    this.clock.setTimer(0, () => this.#tellSpeakers(peer));
    return this.#roster.foundBy(peer, this.#publishersBut(peer));
  }

  /** A peer that has migrated to here takes its place: the others get what it sends from here, as it comes. */
  tookOver(peer: RoomMember): void {
    this.#roster.admit(peer);
    this.#listener.announced(this, peer);
    for (const producer of peer.entities.producers.values()) this.produced(peer, producer);
    for (const dataProducer of peer.entities.dataProducers.values())
      void this.dataProduced(peer, dataProducer);
  }

  /** Offers a peer everything that the others send. */
  subscribeToAll(peer: RoomMember): void {
    const publishers = this.#publishersBut(peer);
    this.#offers.toNewcomer(peer, publishers);
    for (const publisher of publishers) {
      for (const publication of publisher.dataPublications()) {
        void this.#offers.data(peer, publisher, publication);
      }
    }
  }

  /** A new producer goes to everybody else. */
  produced(publisher: LocalPublisher, producer: types.Producer): void {
    // Of one that is only arriving, when it takes over.
    if (!publisher.joined) return;
    this.#listSender(publisher);
    if (producer.kind === 'audio') publisher.roomRouter.speakers.add(producer);
    if (isMicrophone(producer)) this.forwarding.heard.add(publisher.roomRouter, producer);
    this.#announceUntilClosed(publisher, producer);
    this.published(publisher, new LocalPublication(publisher.roomRouter, producer));
  }

  /**
   * A new data producer goes to everybody else, unless it is for mediasoup-demo's robot. Resolves once each of them
   * has taken or refused it; never rejects.
   */
  async dataProduced(publisher: LocalPublisher, dataProducer: types.DataProducer): Promise<void> {
    if (!publisher.joined) return;
    const publication = new LocalDataPublication(publisher.roomRouter, dataProducer);
    if (!isForTheBot(publication)) this.#listSender(publisher);
    this.#announceUntilClosed(publisher, dataProducer);
    await this.dataPublished(publisher, publication);
  }

  /** A stream that is new in the room goes to everybody but its publisher. */
  published(publisher: Publisher, publication: Publication): void {
    this.forwarding.reviewSoon();
    this.#offers.toAll(this.#othersThan(publisher), publisher, publication);
  }

  /** As `dataProduced`, for whoever publishes it. */
  async dataPublished(publisher: Publisher, publication: DataPublication): Promise<void> {
    const others = this.#othersThan(publisher);
    await Promise.all(others.map((peer) => this.#offers.data(peer, publisher, publication)));
  }

  renamed(peer: RoomMember, displayName: string, oldDisplayName: string): void {
    this.#roster.renamed(peer, displayName, oldDisplayName);
    this.#listener.announced(this, peer);
  }

  broadcasterJoined(broadcaster: LocalPublisher): void {
    this.#roster.introduce(broadcaster);
    this.#listener.announced(this, broadcaster);
    this.#listener.changed(this);
  }

  removeBroadcaster(broadcaster: LocalPublisher): void {
    if (this.broadcasters.get(broadcaster.peerId) === broadcaster)
      this.broadcasters.delete(broadcaster.peerId);
    if (broadcaster.joined) this.#withdraw(broadcaster);
    this.#listener.changed(this);
    this.closeIfEmpty();
    this.#routers.closeUnused();
  }

  /** Somebody on another node of the room: everybody here gets to know it, if they don't, and what it sends. */
  remoteJoined(publisher: RemotePublisher): void {
    this.#remotePublishers.set(publisher.peerId, publisher);
    this.forwarding.reviewSoon();
    this.#roster.introduce(publisher);
    for (const publication of publisher.publications()) this.published(publisher, publication);
    for (const publication of publisher.dataPublications()) void this.dataPublished(publisher, publication);
  }

  /** Its consumers here close as what it sent is lost. */
  remoteLeft(publisher: RemotePublisher): void {
    if (this.#remotePublishers.get(publisher.peerId) !== publisher) return;
    this.#remotePublishers.delete(publisher.peerId);
    this.forwarding.reviewSoon();
    this.#peerLeft(publisher.peerId);
    this.closeIfEmpty();
  }

  /** @param change what is new of it */
  remoteChanged(publisher: RemotePublisher, change: RemoteChange): void {
    this.forwarding.reviewSoon();
    this.#roster.introduce(publisher);
    if (change.oldDisplayName !== undefined) {
      this.#roster.renamed(publisher, publisher.info().displayName, change.oldDisplayName);
    }
    for (const publication of change.streams) this.published(publisher, publication);
    for (const publication of change.data) void this.dataPublished(publisher, publication);
  }

  /** It has migrated to elsewhere: only who receives it already has to do with it, until `remoteEnded`. */
  remoteSucceeded(publisher: RemotePublisher): void {
    this.#remotePublishers.delete(publisher.peerId);
    this.#lingering.add(publisher);
  }

  /** What it sent is lost, and closed with that. */
  remoteEnded(publisher: RemotePublisher): void {
    this.#lingering.delete(publisher);
    this.forwarding.reviewSoon();
  }

  /** Who is heard on another node; nobody: it is silent, or no longer part of the room. */
  remoteSpeaking(nodeId: string, speakers: readonly Speaker[], dominantPeerId: string | undefined): void {
    this.#speakers.setRemote(nodeId, speakers, dominantPeerId);
  }

  get remotePublishers(): RemotePublisher[] {
    return Array.from(this.#remotePublishers.values());
  }

  /** Peers and broadcasters that the others know of, on whatever node. */
  publishers(): Publisher[] {
    return [...this.#localPublishers(), ...this.#remotePublishers.values()];
  }

  /** Those of this node. */
  #localPublishers(): LocalPublisher[] {
    const present: LocalPublisher[] = [...this.#peers.values(), ...this.broadcasters.values()];
    return present.filter(({ joined, succeeded }) => joined && succeeded !== true);
  }

  #succeeded(): LocalPublisher[] {
    return this.peers.filter(({ succeeded }) => succeeded);
  }

  /** Ends the call for everybody, telling the peers why. Idempotent. */
  close(reason?: FleetError): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const peer of this.peers) peer.close(reason);
    for (const broadcaster of Array.from(this.broadcasters.values())) broadcaster.close();
    this.#speakers.close();
    this.#roster.close();
    this.#offers.close();
    this.forwarding.close();
    this.#routers.close();
    this.#listener.closed(this, reason);
  }

  #publishedOn(worker: MediaWorker): PublishedMedia {
    const find = <T>(inEntities: (entities: PeerEntities) => T | undefined): T | undefined => {
      for (const { roomRouter, entities } of [...this.#peers.values(), ...this.broadcasters.values()]) {
        const found = roomRouter.worker === worker ? inEntities(entities) : undefined;
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return {
      producer: (id) => find(({ producers }) => producers.get(id)),
      dataProducer: (id) => find(({ dataProducers }) => dataProducers.get(id)),
    };
  }

  /** In the order in which they came, whichever nodes they are on. */
  #publishersBut(peer: RoomMember): Publisher[] {
    const others = this.publishers().filter(({ peerId }) => peerId !== peer.peerId);
    return others.sort((a, b) => a.stamp - b.stamp || (a.peerId < b.peerId ? -1 : 1));
  }

  /** Whoever comes while somebody speaks; from then on it hears of changes. */
  #tellSpeakers(peer: RoomMember): void {
    if (this.#closed || peer.closed) return;
    const { speaking, dominantPeerId } = this.#speakers.now();
    if (speaking.length === 0) return;
    peer.tell(...peer.dialect.speaking(speaking));
    if (dominantPeerId !== undefined) peer.tell(...peer.dialect.dominantSpeaker(dominantPeerId));
  }

  /** From now on the other nodes know what it sends, until it ends. */
  #announceUntilClosed(publisher: LocalPublisher, produced: types.Producer | types.DataProducer): void {
    const onClose = () => {
      this.forwarding.reviewSoon();
      if (!publisher.closed) this.#listener.announced(this, publisher);
      this.#listener.changed(this);
    };
    // Their types have the same event and no common signature.
    if ('kind' in produced) produced.observer.once('close', onClose);
    else produced.observer.once('close', onClose);
    this.#listener.announced(this, publisher);
    this.#listener.changed(this);
  }

  #withdraw(publisher: LocalPublisher): void {
    this.forwarding.reviewSoon();
    if (publisher.succeeded !== true) this.#peerLeft(publisher.peerId);
    this.#listener.withdrawn(this, publisher);
  }

  #peerLeft(peerId: string): void {
    // While the room ends, each peer learns that by itself.
    if (this.#closed) return;
    this.#roster.left(peerId);
    // Another one with its id has come in its place, here or on another node.
    const successor = this.publishers().find((publisher) => publisher.peerId === peerId);
    if (successor) this.#roster.introduce(successor);
    for (const publisher of this.#roster.listedAgain(this.#localPublishers())) {
      this.#list(publisher);
      this.#listener.announced(this, publisher);
    }
  }

  /** Whoever sends is no longer one of the audience; the other nodes learn it with what is sent. */
  #listSender(publisher: LocalPublisher): void {
    if (publisher.isAudience === true) this.#list(publisher);
  }

  #list(publisher: LocalPublisher): void {
    publisher.isAudience = false;
    this.#roster.introduce(publisher);
  }

  #othersThan({ peerId }: Publisher): RoomMember[] {
    const others: RoomMember[] = [];
    this.#forJoined((peer) => {
      if (peer.peerId !== peerId) others.push(peer);
    });
    return others;
  }

  #forJoined(tell: (peer: RoomMember) => void): void {
    for (const peer of this.#peers.values()) {
      if (peer.listening && !peer.succeeded && !peer.closed) tell(peer);
    }
  }
}
