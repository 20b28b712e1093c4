import { systemClock } from '../../local/fleet-runner/system-clock';
import type { HostCounts } from '../../local/load/host-figures';
import type { PeerSpec } from '../../local/load/load-settings';
import { BROWSER_ID, type BrowserPeers } from './browser-peer';
import type { CrowdPeer, CrowdTarget } from './crowd-peer';
import { SyntheticPeers } from './synthetic-peers';

export interface CrowdOptions extends CrowdTarget {
  random: () => number;
  /** @default three rooms, see ChaosFleet */
  rooms?: readonly CrowdRoom[];
  /** Needed when people of a room are in browsers. */
  browsers?: BrowserPeers;
}

export interface CrowdRoom {
  roomId: string;
  publishers: number;
  /** Further publishers, in browsers. @default 0 */
  browsers?: number;
  /** Who only looks on. */
  audience: number;
}

/** Whom a subscriber receives what of. */
export interface Reception {
  subscriber: string;
  sender: string;
  kind: 'audio' | 'video';
  /** Monotonic milliseconds of its newest packet; undefined: none has come. */
  lastPacketAtMs: number | undefined;
}

const ROOMS: readonly CrowdRoom[] = [
  { roomId: 'red', publishers: 3, audience: 0 },
  { roomId: 'green', publishers: 1, browsers: 2, audience: 0 },
  { roomId: 'large', publishers: 4, audience: 3 },
];
/** A stream without a packet for so long is missing, milliseconds. */
export const SILENCE_MS = 500;
const KINDS = ['audio', 'video'] as const;

/** The people in the rooms: synthetic peers that do as the SDK does, and browsers that have it. */
export class Crowd {
  readonly #rooms: readonly CrowdRoom[];
  readonly #options: CrowdOptions;
  readonly #synthetic: SyntheticPeers;
  readonly #peers = new Map<string, CrowdPeer>();
  #named = 0;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#rooms = options.rooms ?? ROOMS;
    this.#synthetic = new SyntheticPeers(options);
  }

  /** What happened to the synthetic ones. */
  get counts(): HostCounts {
    return this.#synthetic.counts;
  }

  /** Of the synthetic ones who came back: how long they were away, milliseconds. */
  get awayMs(): readonly number[] {
    return this.#synthetic.awayMs;
  }

  get size(): number {
    return this.#peers.size;
  }

  get roomIds(): string[] {
    return this.#rooms.map(({ roomId }) => roomId);
  }

  /** Everybody comes. */
  come(): void {
    for (const { roomId, publishers, browsers = 0, audience } of this.#rooms) {
      for (let index = 0; index < publishers; index += 1) this.#addSynthetic(roomId, true);
      for (let index = 0; index < browsers; index += 1) this.#addBrowser(roomId);
      for (let index = 0; index < audience; index += 1) this.#addSynthetic(roomId, false);
    }
  }

  /** Somebody leaves, and somebody else comes in that place. */
  async exchange(): Promise<void> {
    const peers = [...this.#peers.values()];
    const peer = peers[Math.floor(this.#options.random() * peers.length)];
    if (peer === undefined) return;
    const { roomId, publishes, peerId } = peer.spec;
    this.#peers.delete(peerId);
    if (peerId.startsWith(BROWSER_ID)) this.#addBrowser(roomId);
    else this.#addSynthetic(roomId, publishes);
    await peer.leave();
  }

  /** Who gave up: nobody ever should. */
  lost(): string[] {
    return [...this.#peers.values()]
      .filter(({ state }) => state === 'dropped' || state === 'failed')
      .map(({ spec, state }) => `${spec.peerId} in ${spec.roomId}: ${state}`);
  }

  /** What somebody should see or hear and does not, in words. Empty: all is well. */
  missing(): string[] {
    const nowMs = systemClock.monotonicMs();
    const away = [...this.#peers.values()].filter(({ state }) => state !== 'in');
    return [
      ...away.map(({ spec, state }) => `${spec.peerId} in ${spec.roomId} is ${state}`),
      ...this.receptions()
        .filter(({ lastPacketAtMs }) => lastPacketAtMs === undefined || nowMs - lastPacketAtMs > SILENCE_MS)
        .map(({ subscriber, sender, kind }) => `${subscriber} has no ${kind} of ${sender}`),
    ];
  }

  /** All that should come, with when it came. */
  receptions(): Reception[] {
    return [...this.#peers.values()].flatMap((peer) =>
      this.#senders(peer.spec).flatMap((sender) =>
        KINDS.map((kind) => ({
          subscriber: peer.spec.peerId,
          sender,
          kind,
          lastPacketAtMs: peer.lastPacketAtMs(sender, kind),
        })),
      ),
    );
  }

  /** Everybody leaves. Idempotent. */
  async leave(): Promise<void> {
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    await Promise.all(peers.map((peer) => peer.leave()));
    await this.#synthetic.close();
  }

  #senders({ roomId, peerId }: PeerSpec): string[] {
    return [...this.#peers.values()]
      .map(({ spec }) => spec)
      .filter((spec) => spec.roomId === roomId && spec.publishes && spec.peerId !== peerId)
      .map((spec) => spec.peerId);
  }

  #addSynthetic(roomId: string, publishes: boolean): void {
    const spec = this.#specOf(roomId, publishes);
    this.#peers.set(spec.peerId, this.#synthetic.enter(spec));
  }

  #addBrowser(roomId: string): void {
    const { url, token, browsers } = this.#options;
    if (!browsers) throw new Error('there are no browsers');
    const spec = this.#specOf(roomId, true, BROWSER_ID);
    this.#peers.set(spec.peerId, browsers.enter(spec, { url, token }));
  }

  #specOf(roomId: string, publishes: boolean, prefix = 'p'): PeerSpec {
    this.#named += 1;
    return { peerId: `${prefix}${this.#named}`, roomId, publishes };
  }
}
