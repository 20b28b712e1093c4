import { textTable } from './text-table';

/** What is printed of a node of `GET /v1/nodes`. */
export interface ListedNode {
  nodeId: string;
  release: string;
  state: string;
  ready: boolean;
  alive: boolean;
  utilization: number | null;
  load: { rooms: number; clients: number };
  drain?: {
    reason: string;
    deadlineAtMs: number;
    failed: boolean;
    progress?: { phase: string; rooms: number; peers: number; moved: number; etaAtMs: number };
  };
  cordon?: { reason?: string };
}

/** @param nowMs milliseconds since 1970 */
export function nodeTable(nodes: readonly ListedNode[], nowMs: number): string {
  if (nodes.length === 0) return 'no nodes';
  return textTable([
    ['NODE', 'STATE', 'USED', 'ROOMS', 'PEERS', 'RELEASE', 'DRAIN'],
    ...[...nodes]
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
      .map((node) => [
        node.nodeId,
        stateOf(node),
        node.utilization === null ? '-' : `${Math.round(node.utilization * 100)} %`,
        String(node.load.rooms),
        String(node.load.clients),
        node.release,
        drainOf(node, nowMs),
      ]),
  ]);
}

function stateOf({ state, alive, ready }: ListedNode): string {
  if (!alive) return `${state}, silent`;
  return ready ? state : `${state}, not ready`;
}

function drainOf({ state, drain, cordon }: ListedNode, nowMs: number): string {
  if (drain === undefined) return cordon?.reason === undefined ? '' : `cordoned: ${cordon.reason}`;
  const { reason, failed, deadlineAtMs, progress } = drain;
  const parts = [cordon?.reason === undefined ? reason : `${reason}: ${cordon.reason}`];
  if (state === 'DRAINED') return [...parts, `empty, ${progress?.moved ?? 0} moved`].join('; ');
  if (progress !== undefined) {
    const { phase, moved, etaAtMs } = progress;
    parts.push(`${phase}, ${moved} moved`, `empty in ${minutes(etaAtMs - nowMs)}`);
  }
  parts.push(failed ? 'past its deadline' : `deadline in ${minutes(deadlineAtMs - nowMs)}`);
  return parts.join('; ');
}

function minutes(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 60_000))} min`;
}
