import type { ConsoleNode, ConsolePool } from './console';

type PoolUse = Pick<ConsolePool, 'egressBps' | 'safeEgressBps' | 'utilization' | 'headroomBps'>;

/** Load and capacity of the nodes that take new rooms: those that the scaling alarms count. */
export function poolUse(nodes: readonly ConsoleNode[]): PoolUse {
  let egressBps = 0;
  let safeEgressBps = 0;
  let packets = 0;
  let safePackets = 0;
  let headroomBps = 0;
  for (const node of nodes) {
    if (node.state !== 'SERVING' || !node.alive) continue;
    egressBps += node.egressBps;
    safeEgressBps += node.safeEgressBps;
    packets += node.packetsPerSecond;
    safePackets += node.safePacketsPerSecond;
    headroomBps += Math.max(0, node.safeEgressBps - Math.max(node.egressBps, node.committedEgressBps));
  }
  const utilization = Math.max(
    safeEgressBps > 0 ? egressBps / safeEgressBps : 0,
    safePackets > 0 ? packets / safePackets : 0,
  );
  return { egressBps, safeEgressBps, utilization, headroomBps };
}
