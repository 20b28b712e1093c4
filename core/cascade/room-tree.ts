import type { Clock, Timer } from '../clock';
import type { MicrophoneLevel } from './heard-ranking';
import {
  MAX_ROOM_LINK_HOPS,
  type AnnouncedPeer,
  type AnnouncedSpeaker,
  type RoomLinkMessage,
} from '../protocol/room-link';

/** What a node learns of the others of a room. */
export interface RoomTreeListener {
  /** A node is part of the room, or is back after it was out of reach, if only for somebody in between. */
  nodeReached(nodeId: string): void;
  /** No way leads there at present. What it publishes may still flow. */
  nodeUnreached(nodeId: string): void;
  /** It left, or was out of reach for too long. All its peers were told as gone before. */
  nodeGone(nodeId: string): void;
  peerChanged(nodeId: string, peer: AnnouncedPeer): void;
  peerGone(nodeId: string, peerId: string): void;
  speaking(nodeId: string, speakers: readonly AnnouncedSpeaker[], dominantPeerId: string | undefined): void;
  /** A neighbour has told all that it knew when the link to it came up. */
  synced(neighbourId: string): void;
  /** How loud it is on another node; said to this one alone. */
  levels(nodeId: string, levels: readonly MicrophoneLevel[]): void;
  /** Which microphones are heard, as that node says; undefined: all. */
  heardMicrophones(nodeId: string, producerIds: readonly string[] | undefined): void;
  /** The end of a pipe on another node says something to an end here. */
  pipe(nodeId: string, message: unknown): void;
}

export interface RoomTreeOptions {
  /** This node. */
  nodeId: string;
  /** Where it is. @default not told: the fleet has one region */
  region?: string | undefined;
  send: (neighbourId: string, message: RoomLinkMessage) => void;
  listener: RoomTreeListener;
  /** How long a node may be out of reach before its peers are gone, milliseconds. */
  graceMs: number;
  clock: Clock;
}

interface Speaking {
  speakers: readonly AnnouncedSpeaker[];
  dominantPeerId: string | undefined;
}

/** A message for one node. */
type Addressed = Extract<RoomLinkMessage, { t: 'pipe' | 'levels' }>;

/** Another node of the room. */
interface Origin {
  region: string | undefined;
  /** A home's root among the regions. */
  rootId: string | undefined;
  /** The neighbour through which it is reached; undefined while the way is broken. */
  via: string | undefined;
  peers: Map<string, AnnouncedPeer>;
  /** Known from before the way was broken, and not confirmed since it is whole again. */
  unconfirmed: Set<string>;
  speaking: Speaking;
  /** Which microphones are heard, as it said last. */
  heard: readonly string[] | undefined;
  graceTimer: Timer | undefined;
}

const SILENCE: Speaking = { speakers: [], dominantPeerId: undefined };

/**
 * One room as one of its nodes sees it: who is on which other node, and through which neighbour that node is reached.
 * The nodes form a tree (see core/protocol/room-link.ts). When a link of it breaks, what lies behind is kept for the
 * grace period: media flows past the tree, and the nodes find a new home meanwhile.
 */
export class RoomTree {
  readonly #options: RoomTreeOptions;
  readonly #neighbours = new Set<string>();
  readonly #origins = new Map<string, Origin>();
  readonly #ownPeers = new Map<string, AnnouncedPeer>();
  #ownSpeaking: Speaking = SILENCE;
  #ownHeard: readonly string[] | undefined;
  #ownRootId: string | undefined;

  constructor(options: RoomTreeOptions) {
    this.#options = options;
  }

  /** Other nodes of the room, also those that are out of reach at present. */
  get nodeIds(): string[] {
    return Array.from(this.#origins.keys());
  }

  get neighbourIds(): string[] {
    return Array.from(this.#neighbours);
  }

  /** Region of another node of the room; undefined while that isn't known. */
  regionOf(nodeId: string): string | undefined {
    return this.#origins.get(nodeId)?.region;
  }

  /** The root among the regions, as that home says; undefined: it says nothing of one. */
  rootOf(homeId: string): string | undefined {
    return homeId === this.#options.nodeId ? this.#ownRootId : this.#origins.get(homeId)?.rootId;
  }

  /** This node is a home, and that one the root among the regions; undefined: it is no home. */
  setOwnRoot(rootId: string | undefined): void {
    if (rootId === this.#ownRootId) return;
    this.#ownRootId = rootId;
    this.#tellAll(this.#own(nodeMessage({ region: this.#options.region, rootId })));
  }

  /** Everybody with that id on other nodes: more than one while somebody moves. */
  peersNamed(peerId: string): { nodeId: string; peer: AnnouncedPeer }[] {
    const found = [];
    for (const [nodeId, { peers }] of this.#origins) {
      const peer = peers.get(peerId);
      if (peer !== undefined) found.push({ nodeId, peer });
    }
    return found;
  }

  /** Peers and publishers on the other nodes. */
  count(): { peers: number; publishers: number } {
    const peers = [...this.#origins.values()]
      .flatMap((origin) => [...origin.peers.values()])
      .filter(({ succeeded }) => succeeded !== true);
    return { peers: peers.length, publishers: peers.filter(({ streams }) => streams.length > 0).length };
  }

  /** A publisher here is new, or has changed. */
  setOwnPeer(peer: AnnouncedPeer): void {
    this.#ownPeers.set(peer.peerId, peer);
    this.#tellAll(this.#own({ t: 'peer', peer }));
  }

  removeOwnPeer(peerId: string): void {
    if (this.#ownPeers.delete(peerId)) this.#tellAll(this.#own({ t: 'peerGone', peerId }));
  }

  setOwnSpeaking(speakers: readonly AnnouncedSpeaker[], dominantPeerId: string | undefined): void {
    if (speakers.length === 0 && this.#ownSpeaking.speakers.length === 0) return;
    this.#ownSpeaking = { speakers, dominantPeerId };
    this.#tellAll(this.#own(speakingMessage(this.#ownSpeaking)));
  }

  /** This node says which microphones are heard; undefined: all. */
  setOwnHeard(producerIds: readonly string[] | undefined): void {
    this.#ownHeard = producerIds;
    this.#tellAll(this.#own(heardMessage(producerIds)));
  }

  /** Tells one node how loud it is here; false when no way leads there. */
  sendLevels(to: string, levels: readonly MicrophoneLevel[]): boolean {
    return this.#route(this.#own({ t: 'levels', to, levels: [...levels] }));
  }

  /** A link to a neighbour is up, for the first time or again: it is told all that is known on this side. */
  neighbourUp(neighbourId: string): void {
    this.neighbourDown(neighbourId);
    this.#neighbours.add(neighbourId);
    const { nodeId, region } = this.#options;
    const own = {
      region,
      rootId: this.#ownRootId,
      peers: this.#ownPeers,
      speaking: this.#ownSpeaking,
      heard: this.#ownHeard,
    };
    this.#tellAbout(neighbourId, nodeId, own);
    for (const [originId, origin] of this.#origins) {
      if (origin.via !== undefined) this.#tellAbout(neighbourId, originId, origin);
    }
    this.#options.send(neighbourId, { t: 'synced' });
  }

  /** The link to it broke. Idempotent. */
  neighbourDown(neighbourId: string): void {
    if (!this.#neighbours.delete(neighbourId)) return;
    for (const [originId, origin] of this.#origins) {
      if (origin.via === neighbourId) this.#losesWay(originId, origin);
    }
  }

  /** It left the room by its own word; those behind it may still come back another way. */
  neighbourLeft(neighbourId: string): void {
    const origin = this.#origins.get(neighbourId);
    if (origin?.via === neighbourId) this.#forget(neighbourId, origin);
    this.neighbourDown(neighbourId);
  }

  receive(neighbourId: string, message: RoomLinkMessage): void {
    if (!this.#neighbours.has(neighbourId)) return;
    if (message.t === 'synced') {
      this.#onSynced(neighbourId);
      return;
    }
    const { origin: originId, hops } = message;
    // What comes back to where it began, or goes round for ever, means that the tree is not one at the moment.
    if (originId === this.#options.nodeId || hops >= MAX_ROOM_LINK_HOPS) return;
    if (message.t === 'node') this.#onNode(neighbourId, originId, message);
    const origin = this.#origins.get(originId);
    if (origin?.via !== neighbourId) return;
    if (message.t === 'pipe' || message.t === 'levels') {
      this.#onAddressed(message);
      return;
    }
    this.#apply(originId, origin, message);
    this.#passOn(neighbourId, { ...message, hops: hops + 1 });
  }

  /** Takes a message toward the end of a pipe on another node; false when no way leads there. */
  sendPipe(to: string, message: unknown): boolean {
    return this.#route({ t: 'pipe', origin: this.#options.nodeId, hops: 0, to, message });
  }

  /** Nothing is told any more. Idempotent. */
  close(): void {
    for (const { graceTimer } of this.#origins.values()) graceTimer?.cancel();
    this.#origins.clear();
    this.#neighbours.clear();
  }

  #onNode(
    neighbourId: string,
    originId: string,
    { region, rootId }: { region?: string | undefined; rootId?: string | undefined },
  ): void {
    const known = this.#origins.get(originId);
    if (known === undefined) {
      this.#origins.set(originId, {
        region,
        rootId,
        via: neighbourId,
        peers: new Map(),
        unconfirmed: new Set(),
        speaking: SILENCE,
        heard: undefined,
        graceTimer: undefined,
      });
    } else {
      known.rootId = rootId;
      known.graceTimer?.cancel();
      known.graceTimer = undefined;
      if (known.via !== neighbourId) {
        known.via = neighbourId;
        known.unconfirmed = new Set(known.peers.keys());
      }
    }
    this.#options.listener.nodeReached(originId);
  }

  #onSynced(neighbourId: string): void {
    for (const [originId, origin] of this.#origins) {
      if (origin.via !== neighbourId) continue;
      for (const peerId of origin.unconfirmed) {
        const gone = { t: 'peerGone', origin: originId, hops: 0, peerId } as const;
        this.#apply(originId, origin, gone);
        this.#passOn(neighbourId, gone);
      }
    }
    this.#options.listener.synced(neighbourId);
  }

  #onAddressed(message: Addressed): void {
    const { nodeId, listener } = this.#options;
    if (message.to !== nodeId) this.#route({ ...message, hops: message.hops + 1 });
    else if (message.t === 'pipe') listener.pipe(message.origin, message.message);
    else listener.levels(message.origin, message.levels);
  }

  #apply(
    originId: string,
    origin: Origin,
    message: Exclude<RoomLinkMessage, Addressed | { t: 'synced' }>,
  ): void {
    const { listener } = this.#options;
    switch (message.t) {
      case 'node':
        return;
      case 'nodeGone':
        this.#remove(originId, origin);
        return;
      case 'peer': {
        const { peer } = message;
        origin.unconfirmed.delete(peer.peerId);
        origin.peers.set(peer.peerId, peer);
        listener.peerChanged(originId, peer);
        return;
      }
      case 'peerGone':
        origin.unconfirmed.delete(message.peerId);
        if (origin.peers.delete(message.peerId)) listener.peerGone(originId, message.peerId);
        return;
      case 'speaking':
        origin.speaking = { speakers: message.speakers, dominantPeerId: message.dominantPeerId };
        listener.speaking(originId, message.speakers, message.dominantPeerId);
        return;
      case 'heard':
        origin.heard = message.producerIds;
        listener.heardMicrophones(originId, message.producerIds);
    }
  }

  #losesWay(originId: string, origin: Origin): void {
    const { clock, graceMs, listener } = this.#options;
    origin.via = undefined;
    origin.graceTimer?.cancel();
    origin.graceTimer = clock.setTimer(graceMs, () => this.#forget(originId, origin));
    listener.nodeUnreached(originId);
  }

  /** It is gone for this node, and for those who know it from here. */
  #forget(originId: string, origin: Origin): void {
    const { via } = origin;
    this.#remove(originId, origin);
    this.#passOn(via, { t: 'nodeGone', origin: originId, hops: 0 });
  }

  #remove(originId: string, origin: Origin): void {
    const { listener } = this.#options;
    origin.graceTimer?.cancel();
    this.#origins.delete(originId);
    if (origin.speaking.speakers.length > 0) listener.speaking(originId, [], undefined);
    for (const peerId of origin.peers.keys()) listener.peerGone(originId, peerId);
    listener.nodeGone(originId);
  }

  #route(message: Addressed): boolean {
    const via = this.#origins.get(message.to)?.via;
    if (via === undefined || message.hops >= MAX_ROOM_LINK_HOPS) return false;
    this.#options.send(via, message);
    return true;
  }

  #tellAbout(
    neighbourId: string,
    origin: string,
    { region, rootId, peers, speaking, heard }: Omit<Origin, 'via' | 'unconfirmed' | 'graceTimer'>,
  ): void {
    const { send, nodeId } = this.#options;
    const hops = origin === nodeId ? 0 : 1;
    send(neighbourId, { ...nodeMessage({ region, rootId }), origin, hops });
    for (const peer of peers.values()) send(neighbourId, { t: 'peer', origin, hops, peer });
    if (heard !== undefined) send(neighbourId, { ...heardMessage(heard), origin, hops });
    if (speaking.speakers.length > 0) send(neighbourId, { ...speakingMessage(speaking), origin, hops });
  }

  #own<M extends object>(message: M): M & { origin: string; hops: number } {
    return { ...message, origin: this.#options.nodeId, hops: 0 };
  }

  #tellAll(message: RoomLinkMessage): void {
    this.#passOn(undefined, message);
  }

  /** To every neighbour but the one that it came from. */
  #passOn(from: string | undefined, message: RoomLinkMessage): void {
    for (const neighbourId of this.#neighbours) {
      if (neighbourId !== from) this.#options.send(neighbourId, message);
    }
  }
}

function speakingMessage({ speakers, dominantPeerId }: Speaking) {
  return { t: 'speaking', speakers: [...speakers], ...(dominantPeerId && { dominantPeerId }) } as const;
}

function heardMessage(producerIds: readonly string[] | undefined) {
  return { t: 'heard', ...(producerIds && { producerIds: [...producerIds] }) } as const;
}

function nodeMessage({ region, rootId }: Pick<Origin, 'region' | 'rootId'>) {
  return {
    t: 'node',
    ...(region !== undefined && { region }),
    ...(rootId !== undefined && { rootId }),
  } as const;
}
