import type { NodeFigures } from '../../../node-app/aws/metric-data';

/** A node with some load. */
export function nodeFigures(changes: Partial<NodeFigures> = {}): NodeFigures {
  return {
    state: 'SERVING',
    drainFailed: false,
    capacity: { egressBps: 3_750_000_000, packetsPerSecond: 140_000 },
    measured: { egressBps: 1_000_000_000, packetsPerSecond: 100_000 },
    rooms: 12,
    peers: 80,
    heartbeatAgeMs: 400,
    totals: { joinsAccepted: 0, joinsFailed: 0, noCapacity: 0, reconnects: 0 },
    ena: undefined,
    isInService: true,
    ...changes,
  };
}
