/** A router of a node that has a stream and may pass it on. */
export interface Holder {
  nodeId: string;
  routerId: string;
}

export interface HolderOrder {
  /** Who looks for a holder. */
  ownNodeId: string;
  /** The stream. */
  id: string;
  /** Round trip to a node, milliseconds; undefined: unknown. */
  rttMs: (nodeId: string) => number | undefined;
  /** Nodes that lately failed: they come last. */
  avoid?: ReadonlySet<string>;
}

/**
 * Holders of a stream in the order in which they are asked for it: those that didn't fail lately first, among these the
 * nearest; where distances are unknown or alike (±20 %), by rendezvous hashing, so that those who look for the same
 * stream spread over its holders. Never the own node.
 */
export function orderHolders(holders: readonly Holder[], order: HolderOrder): Holder[] {
  const { ownNodeId, id, rttMs, avoid } = order;
  return holders
    .filter(({ nodeId }) => nodeId !== ownNodeId)
    .map((holder) => ({
      holder,
      avoided: avoid?.has(holder.nodeId) === true ? 1 : 0,
      distance: distanceClass(rttMs(holder.nodeId)),
      weight: hash(`${ownNodeId}\n${id}\n${holder.nodeId}\n${holder.routerId}`),
    }))
    .sort((a, b) => a.avoided - b.avoided || a.distance - b.distance || b.weight - a.weight)
    .map(({ holder }) => holder);
}

/** Steps of 20 %, from 1 ms: within one, measurements of the same distance differ. */
function distanceClass(rttMs: number | undefined): number {
  return rttMs === undefined
    ? Number.MAX_SAFE_INTEGER
    : Math.round(Math.log(Math.max(1, rttMs)) / Math.log(1.2));
}

/** FNV-1a of 32 bits, with Murmur3's finalizer: FNV alone hardly changes its upper bits for the last characters. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
