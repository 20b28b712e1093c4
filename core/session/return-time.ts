import type { RandomSource } from '../clock';

/**
 * Joins per second that a gateway asks a fleet to take after a loss. Every node is a gateway too, so a fleet of n is
 * asked for n times as many, and each node gets about as many as one gateway sends. Measured by the join bench
 * (`npm run bench -- join`, joins_per_second): a node whose Node process and worker share one core takes 27
 * peers a second into rooms of 50 with its event loop below 50 ms at p99. Most rooms are smaller, and so are their
 * joins: what a join costs is the consumers it makes, about 100 for each of these.
 */
export const DEFAULT_ADMISSION_JOINS_PER_SECOND = 25;

/** Gateways notice a loss in the same moment, and none knows of the others: each time is blurred by this, milliseconds. */
const BLUR_MS = 50;
/** So much of what the fleet takes may come at once, milliseconds: who is within it waits for nobody. */
const AT_ONCE_MS = 500;
/** Clients of a lost gateway come back within this time at least, milliseconds. */
const SHORTEST_RESUME_WINDOW_MS = 500;

/**
 * Tells peers that lost their room one after the other when to come back: the first ones at once, as many as the fleet takes
 * in half a second, and the others as many a second as it takes, so that a small room is back at once and a large loss is
 * spread out.
 */
export class ReturnPacer {
  private nextFreeMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: { joinsPerSecond: number; random: RandomSource }) {}

  /** For the next peer, milliseconds from now; never 0, which clients take for no time. `nowMs`: of a monotonic clock. */
  nextRetryMs(nowMs: number): number {
    const { joinsPerSecond, random } = this.options;
    const dueMs = Math.max(this.nextFreeMs, nowMs - AT_ONCE_MS);
    this.nextFreeMs = dueMs + 1_000 / joinsPerSecond;
    const atMs = Math.max(nowMs, dueMs);
    return Math.max(1, Math.floor(atMs - nowMs + random() * BLUR_MS));
  }
}

export interface ResumeWindow {
  /** Clients that lose their gateway at the same moment. */
  clients: number;
  /** How long their sessions wait for them, milliseconds. */
  graceMs: number;
  joinsPerSecond: number;
}

/**
 * When one of those clients should resume on another gateway, milliseconds from now. A resume costs no media, so it
 * may always come before half of the grace is over.
 */
export function resumeRetryMs(
  { clients, graceMs, joinsPerSecond }: ResumeWindow,
  random: RandomSource,
): number {
  const windowMs = Math.max(SHORTEST_RESUME_WINDOW_MS, (clients / joinsPerSecond) * 1_000);
  return Math.max(1, Math.floor(random() * Math.min(windowMs, graceMs / 2)));
}
