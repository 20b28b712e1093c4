/** Nodes that a stream passes on its way to a viewer, beyond its publisher's. */
export const MAX_DEPTH = 2;

export interface FanOutQuestion {
  /** How many nodes the stream has passed to get here; 0: its publisher is here. */
  depth: number;
  /** To how many routers of other nodes it is sent from here. */
  served: number;
  /** To how many it may be. */
  limit: number;
  /** Whoever asks is in another region, where somebody has the stream from here, and doesn't insist. */
  isNearAHolder: boolean;
}

export type FanOutVerdict =
  | { serves: true }
  /** `namesHolders`: those who get it from here may pass it on. */
  | { serves: false; namesHolders: boolean };

/**
 * Whether a node sends a stream to one more router of another node. Behind the publisher's node a stream takes at most
 * two steps: who is at the second passes it on to nobody, and who is at the first names nobody who would. Into another
 * region, where each byte costs more, the publisher's node sends it once, and names who has it there.
 */
export function judgeFanOut({ depth, served, limit, isNearAHolder }: FanOutQuestion): FanOutVerdict {
  if (depth === 0 && isNearAHolder) return { serves: false, namesHolders: true };
  if (depth < MAX_DEPTH && served < limit) return { serves: true };
  return { serves: false, namesHolders: depth === 0 };
}
