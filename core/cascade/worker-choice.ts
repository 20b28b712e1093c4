/** A worker of a node, as a room sees it that needs a place for its next peer. */
export interface WorkerPlace {
  /** What everything but this room sends there, packets per second. */
  othersPacketsPerSecond: number;
  /** Peers of this room there that receive. */
  subscribers: number;
  /** As which number the room came to this worker; undefined: it isn't there. */
  order: number | undefined;
}

export interface WorkerChoiceOptions {
  /** What one more subscriber of this room makes its worker send, packets per second. */
  packetsPerSubscriber: number;
  /** What one worker safely sends, packets per second. */
  safePacketsPerSecond: number;
}

/**
 * The index of the worker for a room's next peer. The room stays together as long as it can: the first of its workers
 * that can carry one more peer, else the least loaded of the others, else (all are full; admission has let the peer in)
 * whichever has the least to do.
 * @throws RangeError without workers
 */
export function chooseWorker(
  places: readonly WorkerPlace[],
  { packetsPerSubscriber, safePacketsPerSecond }: WorkerChoiceOptions,
): number {
  const candidates = places.map((place, index) => {
    const load = place.othersPacketsPerSecond + place.subscribers * packetsPerSubscriber;
    return { index, order: place.order, load, fits: load + packetsPerSubscriber <= safePacketsPerSecond };
  });
  const fitting = candidates.filter(({ fits }) => fits);
  const [present] = fitting
    .filter((candidate): candidate is typeof candidate & { order: number } => candidate.order !== undefined)
    .sort((a, b) => a.order - b.order);
  if (present !== undefined) return present.index;
  const [best] = (fitting.length > 0 ? fitting : candidates).sort((a, b) => a.load - b.load);
  if (best === undefined) throw new RangeError('a node without workers');
  return best.index;
}
