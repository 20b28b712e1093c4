import type { RandomSource } from '../clock';

/** Peers that a node takes per second after a loss, until measured: see the join bench in docs/operations.md. */
export const DEFAULT_ADMISSIONS_PER_SECOND = 200;

export interface ReturnWindow {
  /** Peers that lose their node or gateway at the same moment. */
  affectedPeers: number;
  /** @default DEFAULT_ADMISSIONS_PER_SECOND */
  admissionsPerSecond?: number | undefined;
}

/** The time over which peers that lost something at once are spread: at least half a second. */
export function returnWindowMs({
  affectedPeers,
  admissionsPerSecond = DEFAULT_ADMISSIONS_PER_SECOND,
}: ReturnWindow): number {
  return Math.max(500, Math.ceil((affectedPeers / admissionsPerSecond) * 1000));
}

/** When one of those peers should come back, milliseconds from now. */
export function jitteredRetryMs(window: ReturnWindow, random: RandomSource): number {
  return Math.floor(random() * returnWindowMs(window));
}
