/**
 * A point in the space in which nodes have capacity and peers have demand. The first dimension that runs out
 * binds: a network-rich instance is bound by packets (CPU), a plain one by egress.
 */
export interface CapacityVector {
  /** Outbound media, bits per second. */
  egressBps: number;
  /** Outbound media, packets per second. */
  packetsPerSecond: number;
}

export const CAPACITY_DIMENSIONS = ['egressBps', 'packetsPerSecond'] as const;

export type CapacityDimension = (typeof CAPACITY_DIMENSIONS)[number];
