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
import { consume } from './operations/consume';
import { consumeData } from './operations/consume-data';
import type { PeerEntities } from './peer-entities';
import { FirstPicture } from './first-picture';
import { LocalDataPublication, LocalPublication } from './local-publication';
import type { DataPublication, Publication } from './publication';
import type { LocalPublisher, Publisher } from './publisher';
import type { RemoteChange, RemotePublisher } from './remote-publisher';
import type { RoomMember } from './room-member';
import { Roster } from './roster';
import type { RoomRouter } from './room-router';
import { RoomRouters, type RoomSeat } from './room-routers';
import type { RoomSettings } from './room-settings';
import { RoomSpeakers } from './room-speakers';
import { supervise } from './supervise';

/** Not at once, so that a pipe that breaks again and again doesn't keep the workers busy. */
const OFFER_AGAIN_MS = 250;
/** What can't be brought here is tried again for as long as it is there: the way to it may come back. */
const FAILED_OFFER_AGAIN_MS = 5_000;
/** Within this time those come whose room is rebuilt: they were told a time within a quarter of a second (`ReturnPacer`). */
const ROOM_FILLS_MS = 400;
/** Where somebody has just come, others often do. */
const OTHERS_FOLLOW_MS = 250;

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
  /** Those whose viewers have not begun yet, by producer. */
  readonly #firstPictures = new Map<string, FirstPicture>();
  /** By the monotonic clock. */
  readonly #bornAtMs: number;
  #lastJoinMs: number;
  #closed = false;

  private constructor(options: RoomOptions) {
    this.roomId = options.roomId;
    this.settings = options.settings;
    this.clock = options.clock;
    this.logger = options.logger.child({ roomId: options.roomId });
    this.createdAtMs = options.clock.nowMs();
    this.#bornAtMs = this.#lastJoinMs = options.clock.monotonicMs();
    this.#listener = options.listener;
    this.forwarding = new RoomForwarding({
      defaults: this.settings,
      publishers: () => [...this.publishers(), ...this.#succeeded(), ...this.#lingering],
      clock: this.clock,
      logger: this.logger,
    });
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
    this.#lastJoinMs = this.clock.monotonicMs();
    this.subscribeToAll(peer);
    for (const picture of this.#firstPictures.values()) picture.review();
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
    if (peer.entities.receivingTransport() !== undefined) this.#offerAll(peer, publishers);
    for (const publisher of publishers) {
      for (const publication of publisher.dataPublications()) {
        void this.#offerData(peer, publisher, publication);
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
    this.#listSender(publisher);
    this.#announceUntilClosed(publisher, dataProducer);
    await this.dataPublished(publisher, new LocalDataPublication(publisher.roomRouter, dataProducer));
  }

  /** A stream that is new in the room goes to everybody but its publisher. */
  published(publisher: Publisher, publication: Publication): void {
    this.forwarding.reviewSoon();
    const others: RoomMember[] = [];
    this.#forJoined((peer) => {
      if (peer.peerId !== publisher.peerId) others.push(peer);
    });
    const { id, kind } = publication;
    if (kind === 'video') this.#firstPictures.set(id, this.#newPicture(id));
    for (const peer of others) this.#offer(peer, publisher, publication);
    this.#firstPictures.get(id)?.review();
  }

  /** As `dataProduced`, for whoever publishes it. */
  async dataPublished(publisher: Publisher, publication: DataPublication): Promise<void> {
    const offers: Promise<void>[] = [];
    this.#forJoined((peer) => {
      if (peer.peerId !== publisher.peerId) offers.push(this.#offerData(peer, publisher, publication));
    });
    await Promise.all(offers);
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
    for (const picture of Array.from(this.#firstPictures.values())) picture.close();
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

  /** For how long others may still be on their way, milliseconds. */
  #comingForMs(): number {
    const nowMs = this.clock.monotonicMs();
    return Math.max(0, this.#bornAtMs + ROOM_FILLS_MS - nowMs, this.#lastJoinMs + OTHERS_FOLLOW_MS - nowMs);
  }

  #newPicture(id: string): FirstPicture {
    this.#firstPictures.get(id)?.close();
    return new FirstPicture({
      comingForMs: () => this.#comingForMs(),
      onBegin: () => this.#firstPictures.delete(id),
      clock: this.clock,
    });
  }

  #offerAll(peer: RoomMember, publishers: readonly Publisher[]): void {
    const offers = publishers.flatMap((publisher) =>
      publisher.publications().map((publication) => ({ publisher, publication })),
    );
    const { slots } = peer;
    slots?.arrange(offers.map(({ publication }) => publication.id));
    const placeOf = ({ publication }: { publication: Publication }) => slots?.orderOf(publication.id) ?? 0;
    offers.sort((a, b) => placeOf(a) - placeOf(b));
    for (const { publisher, publication } of offers) this.#offer(peer, publisher, publication);
  }

  #offer(peer: RoomMember, publisher: Publisher, publication: Publication): void {
    const again = () => this.#offer(peer, publisher, publication);
    const offer = consume({
      subscriber: peer,
      publisherId: publisher.peerId,
      publication,
      firstViewer: this.#firstPictures.get(publication.id)?.expect(),
      onConsumer: (entry) => this.forwarding.add(peer, entry, publication),
      onAccepted: (entry) => this.forwarding.accepted(peer, entry),
      // Its pipe broke and the producer lives: it is offered again, by another pipe.
      onLost: () => this.clock.setTimer(OFFER_AGAIN_MS, again),
    });
    this.#supervise(offer, 'offering a producer', { peer, publication, again });
  }

  /** Never rejects. */
  async #offerData(peer: RoomMember, publisher: Publisher, publication: DataPublication): Promise<void> {
    if (isForTheBot(publication)) return;
    const again = () => void this.#offerData(peer, publisher, publication);
    const onLost = () => this.clock.setTimer(OFFER_AGAIN_MS, again);
    const offer = consumeData({ subscriber: peer, publisherId: publisher.peerId, publication, onLost });
    this.#supervise(offer, 'offering a data producer', { peer, publication, again });
    await Promise.allSettled([offer]);
  }

  #supervise(
    offer: Promise<void>,
    what: string,
    failed: { peer: RoomMember; publication: { readonly closed: boolean }; again: () => void },
  ): void {
    const { peer, publication, again } = failed;
    supervise(offer, peer.logger, what);
    offer.catch(() => {
      if (!publication.closed && !peer.closed) this.clock.setTimer(FAILED_OFFER_AGAIN_MS, again);
    });
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
    for (const publisher of this.#roster.listedAgain(this.#localPublishers())) this.#list(publisher);
  }

  /** Whoever sends is no longer one of the audience. */
  #listSender(publisher: LocalPublisher): void {
    if (publisher.isAudience === true) this.#list(publisher);
  }

  #list(publisher: LocalPublisher): void {
    publisher.isAudience = false;
    this.#roster.introduce(publisher);
    this.#listener.announced(this, publisher);
  }

  #forJoined(tell: (peer: RoomMember) => void): void {
    for (const peer of this.#peers.values()) {
      if (peer.listening && !peer.succeeded && !peer.closed) tell(peer);
    }
  }
}
