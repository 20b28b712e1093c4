import type { Clock, Timer } from '../../core/clock';
import type { PeerInfo } from '../../core/protocol/demo/peer-info';
import { EXTENSION_METHODS, type Audience } from '../../core/protocol/fleet-extensions';
import type { LocalPublisher, Publisher } from './publisher';
import type { RoomMember } from './room-member';

export interface RosterOptions {
  /** Above so many people, those who send nothing are counted and not listed. */
  maxListed: number;
  /** Everybody in the room whom the others may know of, on whatever node. */
  publishers: () => readonly Publisher[];
  /** Calls back with each peer of this node that is told. */
  forEachListener: (tell: (peer: RoomMember) => void) => void;
  clock: Clock;
}

/** How often the audience's number is told at most, milliseconds. */
const COUNT_EVERY_MS = 1_000;
/** Share of `maxListed` below which everybody is listed again. */
const LIST_AGAIN_BELOW = 0.75;

/**
 * Who is in a room, as the peers of this node are told. In a large room each one who came would be told to everybody, so
 * that a room twice as large had four times as many messages: there, those who send nothing are its **audience**, whose
 * number is told. A peer's own node decides, so that all nodes list the same people; and whoever was listed stays so.
 */
export class Roster {
  readonly #options: RosterOptions;
  readonly #listed = new Set<string>();
  #audience = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** A peer of this node has joined, or taken its place here after a migration. */
  admit(peer: LocalPublisher): void {
    const sends = peer.publications().length + peer.dataPublications().length > 0;
    const isLarge = this.#options.publishers().length > this.#options.maxListed;
    peer.isAudience = isLarge && !sends && !this.#listed.has(peer.peerId);
    this.introduce(peer);
  }

  /** Somebody is there, or has begun to send: tells those who don't know, unless it is one of the audience. */
  introduce(publisher: Publisher): void {
    const { peerId } = publisher;
    if (publisher.isAudience !== true && !this.#listed.has(peerId)) {
      this.#listed.add(peerId);
      const info = publisher.info();
      this.#options.forEachListener((peer) => {
        if (peer.peerId !== peerId) peer.tell(peer.dialect.newPeer(info));
      });
    }
    this.#countSoon();
  }

  renamed({ peerId }: Publisher, displayName: string, oldDisplayName: string): void {
    if (!this.#listed.has(peerId)) return;
    this.#options.forEachListener((peer) => {
      if (peer.peerId !== peerId) {
        peer.notify('peerDisplayNameChanged', { peerId, displayName, oldDisplayName });
      }
    });
  }

  left(peerId: string): void {
    this.#countSoon();
    if (!this.#listed.delete(peerId)) return;
    this.#options.forEachListener((peer) => peer.notify('peerClosed', { peerId }));
  }

  /** Those of this node's audience who are to be listed, since the room has become small enough. */
  listedAgain(here: readonly LocalPublisher[]): LocalPublisher[] {
    const { maxListed, publishers } = this.#options;
    const waiting = here.filter(({ isAudience }) => isAudience);
    return waiting.length > 0 && publishers().length < maxListed * LIST_AGAIN_BELOW ? waiting : [];
  }

  /** Whom a newcomer finds. */
  foundBy(peer: RoomMember, others: readonly Publisher[]): { peers: PeerInfo[]; audience: number } {
    const listed = others.filter(({ peerId }) => this.#listed.has(peerId));
    return { peers: listed.map((other) => other.info()), audience: others.length - listed.length };
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #countSoon(): void {
    if (this.#closed) return;
    this.#timer ??= this.#options.clock.setTimer(COUNT_EVERY_MS, () => {
      this.#timer = undefined;
      this.#tellAudience();
    });
  }

  #tellAudience(): void {
    const audience = this.#options.publishers().filter(({ isAudience }) => isAudience).length;
    // Also when it is the same number: one may have come for one who is listed now, and doesn't count itself any more.
    if (audience === 0 && this.#audience === 0) return;
    this.#audience = audience;
    this.#options.forEachListener((peer) => {
      const others: Audience = { count: audience - (peer.isAudience === true ? 1 : 0) };
      peer.notify(EXTENSION_METHODS.audience, others);
    });
  }
}
