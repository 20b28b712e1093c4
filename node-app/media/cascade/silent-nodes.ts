import type { Clock } from '../../../core/clock';

/** The first wait after a pipe that carried nothing, and the longest, milliseconds. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** A node of which nothing was heard to be wrong for so long begins anew. */
const FORGOTTEN_AFTER_MS = 120_000;

interface Silence {
  times: number;
  atMs: number;
}

/** Nodes whose pipes carried nothing: how long to wait before the next one, twice as long each time. */
export class SilentNodes {
  readonly #clock: Clock;
  readonly #silences = new Map<string, Silence>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(nodeId: string): void {
    const times = (this.#find(nodeId)?.times ?? 0) + 1;
    this.#silences.set(nodeId, { times, atMs: this.#clock.monotonicMs() });
  }

  /** Resolves when a pipe with that node may be tried. */
  async wait(nodeId: string): Promise<void> {
    const silence = this.#find(nodeId);
    if (silence === undefined) return;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (silence.times - 1), LONGEST_WAIT_MS);
    const leftMs = silence.atMs + waitMs - this.#clock.monotonicMs();
    if (leftMs > 0) await new Promise<void>((resolve) => this.#clock.setTimer(leftMs, resolve));
  }

  get nodeIds(): ReadonlySet<string> {
    return new Set(Array.from(this.#silences.keys()).filter((nodeId) => this.#find(nodeId) !== undefined));
  }

  #find(nodeId: string): Silence | undefined {
    const silence = this.#silences.get(nodeId);
    const isOld = silence !== undefined && this.#clock.monotonicMs() - silence.atMs > FORGOTTEN_AFTER_MS;
    if (isOld) this.#silences.delete(nodeId);
    return isOld ? undefined : silence;
  }
}
