import type { Clock, Timer } from '../../core/clock';

/** What a peer receives at one place of its receiving connection. */
export interface ReceivingSlot {
  /** A number. */
  mid: string;
  producerId: string;
}

/** The others don't wait longer than this for one that comes late, milliseconds. */
const PATIENCE_MS = 1_000;

/**
 * The places that a peer's receiving connection had before it migrated. Its new connection gets the same ones with the
 * same mids, in the same order; what comes later gets mids that none of them had.
 */
export class ReceivingSlots {
  readonly #clock: Clock;
  /** Not offered yet, in order. */
  readonly #waiting: ReceivingSlot[];
  /** Who may offer once all before it have. */
  readonly #turns = new Map<string, () => void>();
  /** Who has no place of its own, and comes after all who have. */
  readonly #last: (() => void)[] = [];
  #nextMid: number;
  #timer: Timer | undefined;
  #isImpatient = false;

  constructor(slots: readonly ReceivingSlot[], clock: Clock) {
    this.#clock = clock;
    this.#waiting = [...slots];
    this.#nextMid = Math.max(-1, ...slots.map(({ mid }) => Number(mid))) + 1;
  }

  /** Where a producer comes among the others; those without a place come last. */
  orderOf(producerId: string): number {
    const index = this.#waiting.findIndex((slot) => slot.producerId === producerId);
    return index < 0 ? this.#waiting.length : index;
  }

  /** Only these producers are there: the places of others stay empty. */
  keep(producerIds: ReadonlySet<string>): void {
    const kept = this.#waiting.filter(({ producerId }) => producerIds.has(producerId));
    this.#waiting.splice(0, Infinity, ...kept);
    this.#next();
  }

  /** The mid for a consumer of this producer. */
  midFor(producerId: string): string {
    const slot = this.#waiting.find((one) => one.producerId === producerId);
    if (slot !== undefined) return slot.mid;
    this.#nextMid += 1;
    return String(this.#nextMid - 1);
  }

  /** Resolves when all places before this producer's are taken, or one of them keeps the others waiting for too long. */
  async turn(producerId: string): Promise<void> {
    const [first] = this.#waiting;
    if (first === undefined || first.producerId === producerId || this.#isImpatient) return;
    this.#timer ??= this.#clock.setTimer(PATIENCE_MS, () => this.#waitNoLonger());
    await new Promise<void>((resolve) => {
      if (this.#has(producerId)) this.#turns.set(producerId, resolve);
      else this.#last.push(resolve);
    });
  }

  /** It is offered, or can't be. Idempotent. */
  done(producerId: string): void {
    const index = this.#waiting.findIndex((slot) => slot.producerId === producerId);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    this.#next();
  }

  /** Nobody waits any more. Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#waitNoLonger();
  }

  #has(producerId: string): boolean {
    return this.#waiting.some((slot) => slot.producerId === producerId);
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#timer?.cancel();
      for (const go of this.#last.splice(0)) go();
      return;
    }
    this.#turns.get(first.producerId)?.();
    this.#turns.delete(first.producerId);
  }

  #waitNoLonger(): void {
    this.#isImpatient = true;
    for (const go of [...this.#turns.values(), ...this.#last.splice(0)]) go();
    this.#turns.clear();
  }
}
