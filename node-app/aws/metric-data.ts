import type { MetricDatum, StandardUnit } from '@aws-sdk/client-cloudwatch';
import { METRIC_DIMENSION, type MetricName } from '../../core/deployment/fleet-metrics';
import { takesNewRooms } from '../../core/node-state';
import type { HostedNodeFigures } from '../host-environment';
import type { JoinTotals } from '../metrics/node-metrics';
import type { EnaCounters } from './ena-counters';

/** What a node knows of itself at one moment. */
export interface NodeFigures extends HostedNodeFigures {
  /** Since boot; undefined where the network card has none. */
  ena: EnaCounters | undefined;
  /** Whether Auto Scaling counts the instance among those in service. */
  isInService: boolean;
}

/** Totals that CloudWatch has already. */
export interface PublishedTotals {
  totals: JoinTotals;
  ena: EnaCounters | undefined;
}

const UNITS: Partial<Record<MetricName, StandardUnit>> = {
  EgressBps: 'Bits/Second',
  SafeEgressBps: 'Bits/Second',
  PacketsPerSecond: 'Count/Second',
  SafePacketsPerSecond: 'Count/Second',
  HeartbeatAgeMs: 'Milliseconds',
};

/**
 * One period's values. What a node does not know is left out, never zero. A node that takes no new rooms leaves out its
 * load and its capacity: the pool that scaling looks at is the nodes that can take work.
 */
export function metricData(
  figures: NodeFigures,
  published: PublishedTotals,
  head: { timestamp: Date; autoScalingGroupName: string },
): MetricDatum[] {
  const { state, capacity, measured, totals, ena } = figures;
  const before = published.totals;
  const isDraining = state === 'DRAINING';
  const values: Partial<Record<MetricName, number | undefined>> = {
    ...(takesNewRooms(state)
      ? {
          EgressBps: measured.egressBps,
          SafeEgressBps: capacity.egressBps,
          PacketsPerSecond: measured.packetsPerSecond,
          SafePacketsPerSecond: capacity.packetsPerSecond,
        }
      : {}),
    Rooms: figures.rooms,
    Peers: figures.peers,
    NoCapacity: totals.noCapacity - before.noCapacity,
    JoinsAccepted: totals.joinsAccepted - before.joinsAccepted,
    JoinsFailed: totals.joinsFailed - before.joinsFailed,
    Reconnects: totals.reconnects - before.reconnects,
    // Also of a cordoned node, which is no capacity but is not silent either.
    InServiceNodes: figures.isInService ? 1 : undefined,
    DrainingNodes: isDraining ? 1 : 0,
    DrainRemainingPeers: isDraining ? figures.peers : 0,
    HeartbeatAgeMs: figures.heartbeatAgeMs,
    EnaBwOutAllowanceExceeded: since(ena?.bwOut, published.ena?.bwOut),
    EnaPpsAllowanceExceeded: since(ena?.pps, published.ena?.pps),
    EnaConntrackAllowanceExceeded: since(ena?.conntrack, published.ena?.conntrack),
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined || !Number.isFinite(value)
      ? []
      : [
          {
            MetricName: name,
            Dimensions: [{ Name: METRIC_DIMENSION, Value: head.autoScalingGroupName }],
            Timestamp: head.timestamp,
            Value: value,
            Unit: UNITS[name as MetricName] ?? 'Count',
            StorageResolution: 1,
          },
        ],
  );
}

/** Undefined at the first reading: what was counted before the node started is not its doing. */
function since(now: number | undefined, before: number | undefined): number | undefined {
  if (now === undefined || before === undefined) return undefined;
  // A card that was attached anew counts from zero.
  return now < before ? now : now - before;
}
