import { systemClock } from '../../local/fleet-runner/system-clock';
import { noCounts, noSamples } from '../../local/load/host-figures';
import { LoadPeer } from '../../local/load/load-peer';
import type { PeerSpec } from '../../local/load/load-settings';

export interface CrowdOptions {
  url: string;
  token: string;
  random: () => number;
  /** @default three rooms, see ChaosFleet */
  rooms?: readonly CrowdRoom[];
}

export interface CrowdRoom {
  roomId: string;
  publishers: number;
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
  { roomId: 'green', publishers: 3, audience: 0 },
  { roomId: 'large', publishers: 4, audience: 3 },
];
/** Ten packets a second. */
const VIDEO_BPS = 100_000;
/** A stream without a packet for so long is missing, milliseconds. */
export const SILENCE_MS = 500;
const KINDS = ['audio', 'video'] as const;

/** The people in the rooms: synthetic peers that do as the SDK does. */
export class Crowd {
  readonly counts = noCounts();
  readonly samples = noSamples();
  readonly #rooms: readonly CrowdRoom[];
  readonly #options: CrowdOptions;
  readonly #peers = new Map<string, LoadPeer>();
  readonly #reports;
  #named = 0;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#rooms = options.rooms ?? ROOMS;
    this.#reports = systemClock.setRepeating(1_000, () => {
      for (const peer of this.#peers.values()) void peer.reportReception();
    });
  }

  get size(): number {
    return this.#peers.size;
  }

  get roomIds(): string[] {
    return this.#rooms.map(({ roomId }) => roomId);
  }

  /** Everybody comes. */
  come(): void {
    for (const { roomId, publishers, audience } of this.#rooms) {
      for (let index = 0; index < publishers + audience; index += 1) this.#add(roomId, index < publishers);
    }
  }

  /** Somebody leaves, and somebody else comes in that place. */
  async exchange(): Promise<void> {
    const peers = [...this.#peers.values()];
    const peer = peers[Math.floor(this.#options.random() * peers.length)];
    if (peer === undefined) return;
    const { roomId, publishes, peerId } = peer.spec;
    this.#peers.delete(peerId);
    this.#add(roomId, publishes);
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
    this.#reports.cancel();
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    await Promise.all(peers.map((peer) => peer.leave()));
  }

  #senders({ roomId, peerId }: PeerSpec): string[] {
    return [...this.#peers.values()]
      .map(({ spec }) => spec)
      .filter((spec) => spec.roomId === roomId && spec.publishes && spec.peerId !== peerId)
      .map((spec) => spec.peerId);
  }

  #add(roomId: string, publishes: boolean): void {
    const { url, token, random } = this.#options;
    this.#named += 1;
    const peerId = `p${this.#named}`;
    const peer = new LoadPeer({
      spec: { peerId, roomId, publishes },
      settings: {
        url,
        token,
        expectedPeers: 2,
        layersBps: [VIDEO_BPS],
        audio: true,
        spatialLayer: undefined,
      },
      clock: systemClock,
      random,
      counts: this.counts,
      samples: () => this.samples,
    });
    this.#peers.set(peerId, peer);
  }
}
