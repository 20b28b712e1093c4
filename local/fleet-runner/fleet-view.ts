import { z } from 'zod';
import { askHttp } from './node-http';
import type { FleetStatus } from './runner-events';

/** What this runner reads of `GET /v1/nodes`. */
const nodesSchema = z.object({
  nodes: z.array(
    z.object({
      nodeId: z.string(),
      ready: z.boolean(),
      alive: z.boolean(),
      capacity: z.object({ egressBps: z.number() }),
      committed: z.object({ egressBps: z.number() }),
      measured: z.object({ egressBps: z.number() }),
      load: z.object({ rooms: z.number(), clients: z.number() }),
    }),
  ),
});

export interface FleetViewOptions {
  host: string;
  /** Of any node: each knows all of them. */
  port: number;
  /** With `auth: token`. */
  operatorToken: string | undefined;
  /** Nodes that this run has. */
  nodesTotal: number;
  /** Milliseconds. */
  timeoutMs: number;
}

/** The fleet as one of its nodes sees it. Rejects when that node does not answer. */
export async function viewFleet(options: FleetViewOptions): Promise<FleetStatus> {
  const { status, body } = await askHttp({
    host: options.host,
    port: options.port,
    path: '/v1/nodes',
    headers: options.operatorToken ? { authorization: `Bearer ${options.operatorToken}` } : {},
    timeoutMs: options.timeoutMs,
  });
  if (status !== 200) throw new Error(`GET /v1/nodes answered ${status}`);
  const live = nodesSchema.parse(JSON.parse(body)).nodes.filter((node) => node.alive);
  const sum = (value: (node: (typeof live)[number]) => number): number =>
    live.reduce((total, node) => total + value(node), 0);
  return {
    nodesReady: live.filter((node) => node.ready).length,
    nodesTotal: options.nodesTotal,
    rooms: sum((node) => node.load.rooms),
    peers: sum((node) => node.load.clients),
    egressBps: sum((node) => node.measured.egressBps),
    committedEgressBps: sum((node) => node.committed.egressBps),
    capacityEgressBps: sum((node) => node.capacity.egressBps),
  };
}
