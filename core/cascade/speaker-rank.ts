/** Somebody who is heard. */
export interface HeardSpeaker {
  peerId: string;
  /** dBov, −127 to 0. */
  volume: number;
}

/** Who is heard in a room, given who is heard in each of its routers: the loudest first. */
export function mergeSpeakers<S extends HeardSpeaker>(lists: readonly (readonly S[])[], limit: number): S[] {
  return lists
    .flat()
    .sort((a, b) => b.volume - a.volume)
    .slice(0, limit);
}

export interface ElectionOptions {
  /** Who holds the floor in each router and is heard. */
  candidates: readonly HeardSpeaker[];
  /** Who holds it in the room. */
  holderId: string | undefined;
  /** Since when, milliseconds ago. */
  heldForMs: number;
}

/** Whoever holds the floor keeps it for so long against somebody louder in another router, milliseconds. */
const MIN_HOLD_MS = 1_000;

/**
 * Who holds the floor in a room. mediasoup chooses among the speakers of one router; between routers the loudest of
 * these is chosen, and not more often than once a second, so that two people in dispute don't make it flicker.
 */
export function electSpeaker({ candidates, holderId, heldForMs }: ElectionOptions): string | undefined {
  const [loudest] = mergeSpeakers([candidates], 1);
  const holderIsHeard = candidates.some(({ peerId }) => peerId === holderId);
  return holderIsHeard && heldForMs < MIN_HOLD_MS ? holderId : loudest?.peerId;
}
