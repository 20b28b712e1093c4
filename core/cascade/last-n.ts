export interface LastNOptions {
  /** Whose pictures there are, in the order in which they came. */
  publishers: readonly string[];
  /** Those that the subscriber asks for, the most important first. */
  pinned: readonly string[];
  /** Who spoke, the last one first; also some who are not among the publishers. */
  speakers: readonly string[];
  /** How many are forwarded. */
  lastN: number;
  nowMs: number;
}

export interface ForwardedPictures {
  /** Whose pictures are forwarded. */
  peerIds: string[];
  /** When the choice will be another one though nothing changes, milliseconds from now; undefined: it won't. */
  reviewInMs: number | undefined;
}

/** A picture that has come stays at least so long against those of other speakers, milliseconds. */
const MIN_SHOWN_MS = 2_000;

/**
 * Whose pictures one subscriber receives, of more than it may: those it pinned, then who spoke last, then who came first.
 * A picture stays for two seconds at least, so that tiles don't flicker while several talk; a pin acts at once, and so
 * does the end of a picture.
 */
export class LastNChoice {
  #shownSinceMs = new Map<string, number>();

  choose({ publishers, pinned, speakers, lastN, nowMs }: LastNOptions): ForwardedPictures {
    const before = this.#shownSinceMs;
    const present = new Set(publishers);
    const order = [...pinned, ...speakers, ...publishers].filter((peerId) => present.has(peerId));
    const shownForMs = (peerId: string) => nowMs - (before.get(peerId) ?? Number.NEGATIVE_INFINITY);
    const held = [...before.keys()].filter((id) => present.has(id) && shownForMs(id) < MIN_SHOWN_MS);
    const wanted = firstOf(order, lastN);
    const peerIds = firstOf([...pinned.filter((id) => present.has(id)), ...held, ...order], lastN);
    this.#shownSinceMs = new Map(peerIds.map((peerId) => [peerId, before.get(peerId) ?? nowMs]));
    const kept = peerIds.filter((peerId) => !wanted.includes(peerId));
    if (kept.length === 0) return { peerIds, reviewInMs: undefined };
    return { peerIds, reviewInMs: Math.min(...kept.map((peerId) => MIN_SHOWN_MS - shownForMs(peerId))) };
  }
}

function firstOf(peerIds: readonly string[], count: number): string[] {
  return [...new Set(peerIds)].slice(0, count);
}
