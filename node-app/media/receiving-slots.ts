import type { Clock, Timer } from '../../core/clock';

/** What a peer receives at one place of its receiving connection. */
export interface ReceivingSlot {
  /** A number. */
  mid: string;
  producerId: string;
}

export interface ReceivingSlotsOptions {
  /** Those that the connection had before its peer migrated. @default none */
  slots?: readonly ReceivingSlot[] | undefined;
  /** The others don't wait longer than this for one that comes late, milliseconds. */
  patienceMs: number;
  clock: Clock;
}

/**
 * The places of a peer's receiving connection: what it is offered, in which order and with which mids, doesn't depend on
 * which of it is on this node. After a migration it gets the places that it had; what comes later gets mids that
 * none of them had.
 */
export class ReceivingSlots {
  readonly #options: ReceivingSlotsOptions;
  /** Not offered yet, in order. */
  readonly #waiting: ReceivingSlot[];
  /** Who may offer once all before it have. */
  readonly #turns = new Map<string, () => void>();
  /** Who has no place of its own, and comes after all who have. */
  readonly #last: (() => void)[] = [];
  /** Mids that a consumer has: none gets one that another one had. */
  readonly #taken = new Set<string>();
  #nextMid: number;
  #timer: Timer | undefined;
  #isImpatient = false;

  constructor(options: ReceivingSlotsOptions) {
    const { slots = [] } = options;
    this.#options = options;
    this.#waiting = [...slots];
    this.#nextMid = Math.max(-1, ...slots.map(({ mid }) => Number(mid))) + 1;
  }

  /** Where a producer comes among the others; those without a place come last. */
  orderOf(producerId: string): number {
    const index = this.#waiting.findIndex((slot) => slot.producerId === producerId);
    return index < 0 ? this.#waiting.length : index;
  }

  /** These producers are there. The places of others stay empty; those without a place get one behind. */
  arrange(producerIds: readonly string[]): void {
    const kept = this.#waiting.filter(({ producerId }) => producerIds.includes(producerId));
    this.#waiting.splice(0, Infinity, ...kept);
    for (const producerId of producerIds) {
      if (!this.#has(producerId)) this.#waiting.push({ producerId, mid: this.#newMid() });
    }
    this.#next();
  }

  /** The mid for a consumer of this producer; for a further one of it, since the first has ended, another. */
  midFor(producerId: string): string {
    const slot = this.#waiting.find((one) => one.producerId === producerId);
    const mid = slot === undefined || this.#taken.has(slot.mid) ? this.#newMid() : slot.mid;
    this.#taken.add(mid);
    return mid;
  }

  /** Resolves when all places before this producer's are taken, or one of them keeps the others waiting for too long. */
  async turn(producerId: string): Promise<void> {
    const [first] = this.#waiting;
    if (first === undefined || first.producerId === producerId || this.#isImpatient) return;
    const { clock, patienceMs } = this.#options;
    this.#timer ??= clock.setTimer(patienceMs, () => this.#waitNoLonger());
    await new Promise<void>((resolve) => {
      if (this.#has(producerId)) {
        // One that was offered before has ended meanwhile, and needs no turn any more.
        this.#turns.get(producerId)?.();
        this.#turns.set(producerId, resolve);
      } else this.#last.push(resolve);
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

  #newMid(): string {
    this.#nextMid += 1;
    return String(this.#nextMid - 1);
  }

  #has(producerId: string): boolean {
    return this.#waiting.some((slot) => slot.producerId === producerId);
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#letAllGo();
      return;
    }
    this.#turns.get(first.producerId)?.();
    this.#turns.delete(first.producerId);
  }

  #waitNoLonger(): void {
    this.#isImpatient = true;
    this.#letAllGo();
  }

  #letAllGo(): void {
    for (const go of [...this.#turns.values(), ...this.#last.splice(0)]) go();
    this.#turns.clear();
  }
}
