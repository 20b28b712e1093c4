import type { types } from 'mediasoup';
import type { Clock, Timer } from '../../core/clock';
import type { PeerTransport } from './peer-entities';

export interface FirstPictureOptions {
  /** For how long others may still be on their way into the room, milliseconds; 0: whoever was to come is here. */
  comingForMs: () => number;
  /** Those who have it begin. Once. */
  onBegin: () => void;
  clock: Clock;
}

/** Who is offered a new picture. */
export interface FirstViewer {
  /** Resolves when the viewers begin. */
  readonly begins: Promise<void>;
  /** The client has taken it, over this transport. Idempotent. */
  ready(transport: PeerTransport): void;
  /** It won't get it. Idempotent. */
  gone(): void;
}

/** The others wait for one to whom it is offered for so long, milliseconds. */
const PATIENCE_MS = 300;
/** And for one who is still connecting, as those are who come back to a room that is rebuilt, milliseconds. */
const CONNECTING_PATIENCE_MS = 700;
/** They don't wait longer than this in all, milliseconds: by then a key frame of one's own comes as soon. */
const LONGEST_MS = 1_000;

/**
 * Lets the viewers of a picture that is new in a room begin together: its sender is asked for a key frame once a second at
 * most, so that whoever begins a moment after the first would wait for the next one.
 */
export class FirstPicture {
  readonly begins: Promise<void>;
  readonly #options: FirstPictureOptions;
  readonly #bornAtMs: number;
  /** Those who have not taken it yet, and until when the others wait for them. */
  readonly #awaited = new Map<FirstViewer, number>();
  #begin!: () => void;
  #hasBegun = false;
  #timer: Timer | undefined;

  constructor(options: FirstPictureOptions) {
    this.#options = options;
    this.#bornAtMs = options.clock.monotonicMs();
    this.begins = new Promise((resolve) => (this.#begin = resolve));
  }

  /** One more to whom it is offered, over this transport if there is one yet. `review` must follow. */
  expect(transport: PeerTransport | undefined): FirstViewer {
    const gone = () => {
      if (this.#awaited.delete(viewer)) this.review();
    };
    const viewer: FirstViewer = {
      begins: this.begins,
      gone,
      ready: (transport) => void isConnected(transport).then(gone),
    };
    const patienceMs = transport && isConnecting(transport) ? CONNECTING_PATIENCE_MS : PATIENCE_MS;
    this.#awaited.set(viewer, this.#options.clock.monotonicMs() + patienceMs);
    return viewer;
  }

  /** Somebody has joined, or everybody who is here has been offered it. */
  review(): void {
    if (this.#hasBegun) return;
    const { clock, comingForMs } = this.#options;
    this.#timer?.cancel();
    const nowMs = clock.monotonicMs();
    const slowestMs = Math.max(0, ...this.#awaited.values()) - nowMs;
    const leftMs = Math.min(Math.max(comingForMs(), slowestMs), this.#bornAtMs + LONGEST_MS - nowMs);
    if (leftMs > 0) this.#timer = clock.setTimer(leftMs, () => this.review());
    else this.close();
  }

  /** Nobody waits any more. Idempotent. */
  close(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#timer?.cancel();
    this.#begin();
    this.#options.onBegin();
  }
}

function isConnecting(transport: PeerTransport): transport is types.WebRtcTransport {
  return 'dtlsState' in transport && transport.dtlsState !== 'connected';
}

/** Until then a viewer that begins asks for nothing, and once it is for a key frame of its own. */
async function isConnected(transport: PeerTransport): Promise<void> {
  if (!isConnecting(transport)) return;
  await new Promise<void>((resolve) => {
    const settle = () => {
      transport.observer.off('dtlsstatechange', onState);
      transport.observer.off('close', settle);
      resolve();
    };
    const onState = (state: string) => {
      if (state === 'connected') settle();
    };
    transport.observer.on('dtlsstatechange', onState);
    transport.observer.on('close', settle);
  });
}
