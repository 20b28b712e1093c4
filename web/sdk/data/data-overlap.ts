import type { Clock, Timer } from '../../../core/protocol/for-browsers';

type Message = string | ArrayBuffer;

/**
 * Two ways are apart by less than this, milliseconds. What has not come over the later session by then has come before
 * that had the channel, or is lost.
 */
const APART_MS = 1_000;

/**
 * The same data channel over two sessions, while this client migrates from the one to the other: each message comes twice,
 * in the same order, and is to be delivered once.
 */
export class DataOverlap {
  readonly #clock: Clock;
  readonly #deliver: (message: Message) => void;
  /** Delivered from the earlier session, and not come over the later one yet. */
  #ahead: { message: Message; atMs: number }[] = [];
  /** Came over the later session first. */
  #early: Message[] = [];
  #hasTakenOver = false;
  /** Something has come both ways: from then on the later session brings all that the earlier one does. */
  #isAligned: boolean;
  #timer: Timer | undefined;

  /** @param comesEarlier whether the earlier session has the channel at all */
  constructor(clock: Clock, deliver: (message: Message) => void, comesEarlier = true) {
    this.#clock = clock;
    this.#deliver = deliver;
    this.#isAligned = !comesEarlier;
  }

  /** Over the session from which the client migrates. */
  earlier(message: Message): void {
    if (this.#hasTakenOver && this.#isAligned) return;
    this.#deliver(message);
    const [first] = this.#early;
    if (first !== undefined && isSame(first, message)) {
      this.#early.shift();
      this.#align();
      return;
    }
    const atMs = this.#clock.monotonicMs();
    this.#ahead = this.#ahead.filter((one) => atMs - one.atMs < APART_MS);
    this.#ahead.push({ message, atMs });
  }

  /** Over the session to which it migrates. */
  later(message: Message): void {
    const nowMs = this.#clock.monotonicMs();
    const index = this.#ahead.findIndex((one) => nowMs - one.atMs < APART_MS && isSame(one.message, message));
    if (index >= 0) {
      this.#ahead.splice(0, index + 1);
      this.#align();
    } else if (this.#hasTakenOver && this.#isAligned) this.#deliver(message);
    else this.#early.push(message);
  }

  /**
   * Only the later session counts from now on; as long as it may have got the channel too late for what the earlier one still
   * brings, both do. Idempotent.
   */
  takeOver(): void {
    this.#hasTakenOver = true;
    if (this.#isAligned) this.#align();
    else this.#timer ??= this.#clock.setTimer(APART_MS, () => this.#align());
  }

  /**
   * Nothing comes over the earlier session any more, or another takes the place of both: what waits for it is delivered.
   * Idempotent.
   */
  end(): void {
    this.#align();
  }

  /** Nothing is delivered any more. Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#early = [];
  }

  #align(): void {
    this.#isAligned = true;
    this.#timer?.cancel();
    if (this.#hasTakenOver) for (const message of this.#early.splice(0)) this.#deliver(message);
  }
}

function isSame(a: Message, b: Message): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  if (a.byteLength !== b.byteLength) return false;
  const [left, right] = [new Uint8Array(a), new Uint8Array(b)];
  return left.every((byte, index) => byte === right[index]);
}
