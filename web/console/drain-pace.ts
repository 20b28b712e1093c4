/** A drain as it was first seen, by which its pace is known. */
export interface DrainStart {
  atMs: number;
  peers: number;
}

/** Before this much time or this many peers less, a pace is a guess. */
const MIN_WATCHED_MS = 5_000;

/** Until nobody is left, milliseconds, if it goes on as it did; undefined while nobody can tell. */
export function etaAtThisPace(start: DrainStart, nowMs: number, peers: number): number | undefined {
  if (peers === 0) return 0;
  const watchedMs = nowMs - start.atMs;
  const left = start.peers - peers;
  return watchedMs < MIN_WATCHED_MS || left <= 0 ? undefined : (peers * watchedMs) / left;
}
