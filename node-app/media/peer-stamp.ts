import type { Claim } from '../../core/placement/placement-port';

/**
 * Says which of two peers with the same id came later, on whatever node. A claim's number is the store's time in
 * microseconds, or just above it; without one it is this node's.
 */
export function peerStamp(claim: Claim | undefined, nowMs: number): number {
  return claim === undefined || claim.seq === 0 ? nowMs * 1_000 : claim.seq;
}
