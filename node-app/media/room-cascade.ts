import type { Logger } from 'pino';
import { RoomTree } from '../../core/cascade/room-tree';
import type { Clock, RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { RoomDetail } from '../../core/protocol/room-detail';
import type { AnnouncedPeer, AnnouncedSpeaker, RoomLinkMessage } from '../../core/protocol/room-link';
import type { MicrophoneLevel } from '../../core/cascade/heard-ranking';
import { announcePeer } from './announce-peer';
import { RemotePipes } from './cascade/remote-pipes';
import type { HeardHome } from './forwarding/heard-home';
import { LingeringPublishers } from './lingering-publishers';
import type { LocalPublisher } from './publisher';
import { RegionTie } from './region-tie';
import type { RegionsPort } from './regions-port';
import { RemotePublisher } from './remote-publisher';
import type { Room } from './room';
import { RoomHome } from './room-home';
import type { HomeFinder, RoomLinksPort, RoomPlace } from './room-links-port';

export interface RoomCascadeOptions {
  roomId: string;
  /** This node. */
  nodeId: string;
  links: RoomLinksPort;
  homes: HomeFinder;
  /** @default the fleet has one region */
  regions?: RegionsPort | undefined;
  /** Who is on other nodes, or which nodes these are, has changed. */
  onChanged: () => void;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/**
 * How long a node may be out of reach before its peers are gone for the others, milliseconds: as long as a lease. A
 * room finds a new home meanwhile, and media between its other nodes goes on.
 */
const GRACE_MS = 3_000;
/** Messages of a neighbour that wait until the link to it is taken up on this side too. */
const MAX_EARLY_MESSAGES = 10_000;

/** A room's connection with its parts on other nodes: who is there, what they publish, and the pipes to it. */
export class RoomCascade implements HeardHome {
  readonly pipes: RemotePipes;
  readonly #options: RoomCascadeOptions;
  readonly #tree: RoomTree;
  readonly #home: RoomHome;
  readonly #shown = new Map<string, RemotePublisher>();
  readonly #lingering: LingeringPublishers;
  /** What came from a home whose answer to the join is on its way. */
  readonly #early = new Map<string, RoomLinkMessage[]>();
  /** While this node is the room's home in its region. */
  #tie: RegionTie | undefined;
  #room: Room | undefined;
  #closed = false;

  constructor(options: RoomCascadeOptions) {
    this.#options = options;
    const { roomId, nodeId, links, homes, clock, random } = options;
    const logger = options.logger.child({ roomId });
    this.#lingering = new LingeringPublishers(clock, (publisher) => this.#room?.remoteEnded(publisher));
    this.#tree = new RoomTree({
      nodeId,
      region: options.regions?.region,
      graceMs: GRACE_MS,
      clock,
      send: (neighbourId, message) => links.send(neighbourId, roomId, message),
      listener: {
        nodeReached: (id) => this.pipes.resume(id),
        nodeUnreached: (id) => {
          this.pipes.suspend(id);
          this.#room?.forwarding.heard.dropNode(id);
        },
        nodeGone: (id) => {
          this.pipes.nodeLost(id);
          this.#room?.forwarding.heard.dropNode(id);
          logger.info({ peerNodeId: id }, 'a node is no longer part of the room');
          options.onChanged();
        },
        peerChanged: (id, peer) => this.#onPeerChanged(id, peer),
        peerGone: (id, peerId) => this.#onPeerGone(id, peerId),
        speaking: (id, speakers, dominantPeerId) => this.#room?.remoteSpeaking(id, speakers, dominantPeerId),
        synced: (id) => {
          this.#home.synced(id);
          this.#tie?.synced(id);
        },
        levels: (id, levels) => this.#room?.forwarding.heard.setRemoteLevels(id, levels),
        heardMicrophones: (id, producerIds) => {
          if (id === this.#rankerId) this.#room?.forwarding.heard.setFromHome(producerIds);
        },
        pipe: (id, message) => this.pipes.handle(id, message),
      },
    });
    this.pipes = new RemotePipes({
      nodeId,
      send: (to, message) => this.#tree.sendPipe(to, message),
      openLocalSource: (routerId, sink, id) =>
        this.#room?.routers.find((router) => router.id === routerId)?.openSource(sink, id),
      farRegionOf: (id) => {
        const region = this.#tree.regionOf(id);
        return region === options.regions?.region ? undefined : region;
      },
      clock,
      logger,
    });
    this.#home = new RoomHome({
      roomId,
      nodeId,
      links,
      homes,
      clock,
      random,
      logger,
      listener: {
        neighbourUp: (id) => this.#onNeighbourUp(id),
        neighbourDown: (id) => this.#tree.neighbourDown(id),
        neighbourLeft: (id) => this.#tree.neighbourLeft(id),
        epochChanged: () => options.onChanged(),
        homeChanged: () => this.#tieRegions(),
      },
    });
  }

  /** This node. */
  get nodeId(): string {
    return this.#options.nodeId;
  }

  get epoch(): number {
    return this.#home.epoch;
  }

  get homeId(): string {
    return this.#home.homeId;
  }

  get isHome(): boolean {
    return this.#home.isHome;
  }

  /** The room's other nodes. */
  get nodeIds(): string[] {
    return this.#tree.nodeIds;
  }

  /** Where the room is held, this region first; undefined in a fleet of one region. */
  describeRegions(): RoomDetail['regions'] {
    const own = this.#options.regions?.region;
    if (own === undefined) return undefined;
    const nodes = new Map([[own, [this.nodeId]]]);
    for (const nodeId of this.nodeIds) {
      const region = this.#tree.regionOf(nodeId) ?? own;
      nodes.set(region, [...(nodes.get(region) ?? []), nodeId]);
    }
    const { rootId } = this;
    return Array.from(nodes, ([region, ids]) => ({
      region,
      nodes: ids,
      ...(rootId !== undefined && { isRoot: ids.includes(rootId) }),
    }));
  }

  /** The home in the region that the others have joined; undefined unless this node is the home in its own. */
  get rootId(): string | undefined {
    return this.#tie?.rootId;
  }

  /** Peers and publishers on the room's other nodes. */
  get elsewhere(): { peers: number; publishers: number } {
    return this.#tree.count();
  }

  /** From now on the room hears of the others, and first of those who are known already. */
  attach(room: Room): void {
    this.#room = room;
    room.forwarding.heard.attach(this);
    for (const publisher of this.#shown.values()) room.remoteJoined(publisher);
  }

  place(place: RoomPlace): void {
    this.#home.place(place);
    this.#tieRegions();
  }

  /** Resolves once the room's home is joined, at the latest after `timeoutMs`: a peer then finds the others there. */
  async settled(timeoutMs: number): Promise<void> {
    await Promise.all([this.#home.settled(timeoutMs), this.#tie?.settled(timeoutMs)]);
  }

  /** Whether the room begins here, and isn't on another node or in another region already. At the latest after `timeoutMs`. */
  async begins(timeoutMs: number): Promise<boolean> {
    if (this.isHome) await this.#tie?.settled(timeoutMs);
    return this.isHome && (this.rootId ?? this.nodeId) === this.nodeId;
  }

  /** A publisher here is new, or has changed. */
  announce(publisher: LocalPublisher): void {
    if (!publisher.joined || publisher.closed || this.#closed) return;
    this.#tree.setOwnPeer(announcePeer(publisher));
    this.#review(publisher.peerId);
  }

  withdraw(publisher: LocalPublisher): void {
    if (this.#closed) return;
    // Whoever took its place here is announced under the same id.
    if (this.#localNamed(publisher.peerId) === undefined) this.#tree.removeOwnPeer(publisher.peerId);
    this.#review(publisher.peerId);
  }

  speaking(speakers: readonly AnnouncedSpeaker[], dominantPeerId: string | undefined): void {
    if (!this.#closed) this.#tree.setOwnSpeaking(speakers, dominantPeerId);
  }

  /** This node ranks the room's microphones: the home, and of several regions the root. */
  get ranks(): boolean {
    return this.#rankerId === this.nodeId;
  }

  get #rankerId(): string {
    return this.#tree.rootOf(this.homeId) ?? this.homeId;
  }

  sendLevels(levels: readonly MicrophoneLevel[]): boolean {
    return this.#tree.sendLevels(this.#rankerId, levels);
  }

  tellHeard(producerIds: readonly string[] | undefined): void {
    if (!this.#closed) this.#tree.setOwnHeard(producerIds);
  }

  /** @throws FleetError FLEET_ERR_ROOM_MOVED */
  edgeJoins(nodeId: string, epoch: number): void {
    this.#home.edgeJoins(nodeId, epoch);
  }

  /** The home in another region wants to be a neighbour. @throws FleetError FLEET_ERR_ROOM_MOVED */
  regionJoins(nodeId: string): void {
    if (this.#tie === undefined) {
      throw new FleetError('FLEET_ERR_ROOM_MOVED', { message: 'its home in this region is another node' });
    }
    this.#tie.regionJoins(nodeId);
  }

  receive(neighbourId: string, message: RoomLinkMessage): void {
    if (this.#tree.neighbourIds.includes(neighbourId)) {
      this.#tree.receive(neighbourId, message);
      return;
    }
    if (neighbourId !== this.homeId && neighbourId !== this.rootId) return;
    const early = this.#early.get(neighbourId) ?? [];
    this.#early.set(neighbourId, early);
    if (early.length < MAX_EARLY_MESSAGES) early.push(message);
  }

  neighbourLeft(nodeId: string, goesOn: boolean): void {
    this.#early.delete(nodeId);
    this.#home.neighbourLeft(nodeId, goesOn);
    this.#tie?.neighbourLeft(nodeId, goesOn);
  }

  linkLost(nodeId: string): void {
    this.#early.delete(nodeId);
    this.#home.linkLost(nodeId);
    this.#tie?.linkLost(nodeId);
  }

  /** The room has ended here: its other nodes are told. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#home.close();
    this.#tie?.close(false);
    this.pipes.close();
    this.#tree.close();
    for (const publisher of this.#shown.values()) publisher.close();
    this.#shown.clear();
    this.#lingering.close();
    this.#early.clear();
  }

  /** The room's home in this region, and nobody else, speaks for it to the other regions. */
  #tieRegions(): void {
    const { roomId, nodeId, links, regions, clock, random, logger } = this.#options;
    if (regions === undefined || this.#closed) return;
    if (!this.isHome) {
      this.#tie?.close(true);
      this.#tie = undefined;
      this.#tree.setOwnRoot(undefined);
      return;
    }
    this.#tie ??= new RegionTie({
      roomId,
      nodeId,
      links,
      regions,
      epoch: () => this.epoch,
      listener: {
        neighbourUp: (id) => this.#onNeighbourUp(id),
        neighbourDown: (id) => this.#tree.neighbourDown(id),
        neighbourLeft: (id) => this.#tree.neighbourLeft(id),
        homeChanged: () => this.#tree.setOwnRoot(this.rootId),
      },
      clock,
      random,
      logger: logger.child({ roomId }),
    });
  }

  #onNeighbourUp(neighbourId: string): void {
    const early = this.#early.get(neighbourId) ?? [];
    this.#early.delete(neighbourId);
    this.#tree.neighbourUp(neighbourId);
    for (const message of early) this.#tree.receive(neighbourId, message);
    this.#options.onChanged();
  }

  #onPeerChanged(nodeId: string, peer: AnnouncedPeer): void {
    const shown = this.#shown.get(peer.peerId);
    if (shown?.nodeId === nodeId) this.#update(shown, peer);
    else this.#lingering.changed(nodeId, peer);
    this.#review(peer.peerId);
    this.#options.onChanged();
  }

  #onPeerGone(nodeId: string, peerId: string): void {
    this.#lingering.gone(nodeId, peerId);
    this.#review(peerId);
    this.#options.onChanged();
  }

  /** The newest of all who have that id is the one that the peers here see. */
  #review(peerId: string): void {
    const { nodeId } = this.#options;
    const local = this.#localNamed(peerId);
    const shown = this.#shown.get(peerId);
    const [newest] = this.#tree
      .peersNamed(peerId)
      // One that has migrated counts only as long as nobody has heard from where it went.
      .filter((one) => one.peer.succeeded !== true || one.nodeId === shown?.nodeId)
      .sort(newestFirst);
    const isHere = local !== undefined && (newest === undefined || !isNewer(newest, local, nodeId));
    const wanted = isHere ? undefined : newest;
    const migratedFrom = isHere ? local.migratedFrom : wanted?.peer.migratedFrom;
    if (shown !== undefined && shown.nodeId !== wanted?.nodeId) {
      if (shown.nodeId === migratedFrom) this.#linger(shown);
      else this.#hide(shown);
    }
    if (wanted === undefined) return;
    if (local !== undefined) this.#giveWay(local, migratedFrom === nodeId);
    if (!this.#shown.has(peerId)) this.#show(new RemotePublisher(wanted.nodeId, wanted.peer));
  }

  /** Somebody here is elsewhere now. */
  #giveWay(local: LocalPublisher, hasMigrated: boolean): void {
    const peer = hasMigrated ? this.#room?.peer(local.peerId) : undefined;
    if (peer === undefined) {
      local.close(new FleetError('FLEET_ERR_PEER_REPLACED'));
      return;
    }
    peer.succeed();
    this.#tree.setOwnPeer(announcePeer(peer));
  }

  #show(publisher: RemotePublisher): void {
    this.#shown.set(publisher.peerId, publisher);
    this.#room?.remoteJoined(publisher);
  }

  #linger(publisher: RemotePublisher): void {
    this.#shown.delete(publisher.peerId);
    this.#room?.remoteSucceeded(publisher);
    this.#lingering.add(publisher);
  }

  #hide(publisher: RemotePublisher): void {
    this.#shown.delete(publisher.peerId);
    publisher.close();
    this.#room?.remoteLeft(publisher);
  }

  #update(publisher: RemotePublisher, peer: AnnouncedPeer): void {
    this.#room?.remoteChanged(publisher, publisher.update(peer));
  }

  #localNamed(peerId: string): LocalPublisher | undefined {
    const peer: LocalPublisher | undefined = this.#room?.peer(peerId) ?? this.#room?.broadcasters.get(peerId);
    return peer?.joined === true && peer.succeeded !== true && !peer.closed ? peer : undefined;
  }
}

interface Named {
  nodeId: string;
  peer: AnnouncedPeer;
}

/** As `isNewer`. */
function newestFirst(a: Named, b: Named): number {
  return b.peer.stamp - a.peer.stamp || (a.nodeId < b.nodeId ? 1 : -1);
}

function isNewer(remote: Named, local: LocalPublisher, ownNodeId: string): boolean {
  const { stamp } = remote.peer;
  return stamp > local.stamp || (stamp === local.stamp && remote.nodeId > ownNodeId);
}
