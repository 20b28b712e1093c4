import { CAPACITY_DIMENSIONS, type CapacityDimension, type CapacityVector } from './capacity-vector';

/** What a node can carry and what is on it. */
export interface NodeUse {
  capacity: CapacityVector;
  /** What placements have reserved. */
  committed: CapacityVector;
  /** What the meters say. */
  measured: CapacityVector;
}

export interface Headroom {
  /** capacity − max(committed, measured); negative when a node carries more than it safely can. */
  headroom: CapacityVector;
  /** The dimension that runs out first. */
  binding: CapacityDimension;
  /** Use of the binding dimension as a share of its capacity: 0 is idle, 1 is full, Infinity without capacity. */
  utilization: number;
}

/** What a node has left, and which dimension will run out first. */
export function headroomOf({ capacity, committed, measured }: NodeUse): Headroom {
  const used = maxVector(committed, measured);
  const shares = CAPACITY_DIMENSIONS.map((dimension) => ({
    dimension,
    share:
      capacity[dimension] > 0
        ? used[dimension] / capacity[dimension]
        : used[dimension] > 0
          ? Number.POSITIVE_INFINITY
          : 1,
  }));
  const binding = shares.reduce((worst, next) => (next.share > worst.share ? next : worst));
  return {
    headroom: subtractVector(capacity, used),
    binding: binding.dimension,
    utilization: binding.share,
  };
}

export function addVector(a: CapacityVector, b: CapacityVector): CapacityVector {
  return { egressBps: a.egressBps + b.egressBps, packetsPerSecond: a.packetsPerSecond + b.packetsPerSecond };
}

export function subtractVector(a: CapacityVector, b: CapacityVector): CapacityVector {
  return { egressBps: a.egressBps - b.egressBps, packetsPerSecond: a.packetsPerSecond - b.packetsPerSecond };
}

export function maxVector(a: CapacityVector, b: CapacityVector): CapacityVector {
  return {
    egressBps: Math.max(a.egressBps, b.egressBps),
    packetsPerSecond: Math.max(a.packetsPerSecond, b.packetsPerSecond),
  };
}

export function minVector(a: CapacityVector, b: CapacityVector): CapacityVector {
  return {
    egressBps: Math.min(a.egressBps, b.egressBps),
    packetsPerSecond: Math.min(a.packetsPerSecond, b.packetsPerSecond),
  };
}

export function scaleVector(a: CapacityVector, factor: number): CapacityVector {
  return { egressBps: a.egressBps * factor, packetsPerSecond: a.packetsPerSecond * factor };
}

/** True when `demand` is at most `headroom` in every dimension. */
export function fitsInto(demand: CapacityVector, headroom: CapacityVector): boolean {
  return CAPACITY_DIMENSIONS.every((dimension) => demand[dimension] <= headroom[dimension]);
}

export const ZERO_VECTOR: CapacityVector = { egressBps: 0, packetsPerSecond: 0 };
