import { percentile } from '../bench/harness';
import type { ChaosResult, Disturbance } from './chaos-run';

/** Milliseconds for which somebody missed something. */
export interface KindSummary {
  kind: string;
  count: number;
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
}

const TWO_AT_ONCE = 'two at once';

/** The line of `--json`. */
export interface ChaosSummary {
  name: 'chaos';
  seed: number;
  minutes: number;
  faults: KindSummary[];
  dropped_peers: number;
  split_rooms: number;
  leaks: number;
  crashed_nodes: number;
}

export function summarizeChaos(result: ChaosResult, minutes: number): ChaosSummary {
  const { seed, disturbances, dropped, splits, leaks, crashed } = result;
  const byKind = new Map<string, Disturbance[]>();
  for (const one of disturbances) {
    const kind = one.kinds.length > 1 ? TWO_AT_ONCE : (one.kinds[0] ?? '');
    byKind.set(kind, [...(byKind.get(kind) ?? []), one]);
  }
  return {
    name: 'chaos',
    seed,
    minutes,
    faults: Array.from(byKind, ([kind, list]) => summarizeKind(kind, list)).sort((a, b) =>
      a.kind < b.kind ? -1 : 1,
    ),
    dropped_peers: dropped.length,
    split_rooms: splits.length,
    leaks: leaks.length,
    crashed_nodes: crashed.length,
  };
}

/** All that must not be. */
export function violationsOf({ dropped, splits, leaks, crashed }: ChaosResult): string[] {
  return [...dropped, ...splits, ...leaks, ...crashed.map((nodeId) => `${nodeId} ended by itself`)];
}

export function formatChaos(summary: ChaosSummary): string {
  const rows = [
    ['fault', 'times', 'p50 ms', 'p95 ms', 'max ms'],
    ...summary.faults.map(({ kind, count, p50Ms, p95Ms, maxMs }) =>
      [kind, count, p50Ms, p95Ms, maxMs].map(String),
    ),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const table = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  const { dropped_peers, split_rooms, leaks, crashed_nodes } = summary;
  return [...table, '', JSON.stringify({ dropped_peers, split_rooms, leaks, crashed_nodes })].join('\n');
}

function summarizeKind(kind: string, list: readonly Disturbance[]): KindSummary {
  const values = list.map(({ recoveryMs }) => recoveryMs);
  const at = (share: number) => Math.round(percentile(values, share));
  return { kind, count: list.length, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}
