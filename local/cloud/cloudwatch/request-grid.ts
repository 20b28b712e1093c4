import { retentionMs } from './metric-series';
import type { TimeGrid } from './time-grid';

const DAY_MS = 24 * 3_600_000;

/**
 * The periods of a request for data: the start is rounded down, the coarser the older it is, and for short periods to
 * one of theirs (API reference, GetMetricData, StartTime).
 */
export function requestGrid(request: {
  startMs: number;
  endMs: number;
  periodMs: number;
  nowMs: number;
}): TimeGrid {
  const { startMs, endMs, periodMs, nowMs } = request;
  const ageMs = nowMs - startMs;
  const byAgeMs = ageMs < 15 * DAY_MS ? 60_000 : ageMs < 63 * DAY_MS ? 300_000 : 3_600_000;
  const roundMs = periodMs < 60_000 ? periodMs : byAgeMs;
  const roundedMs = Math.floor(startMs / roundMs) * roundMs;
  return { startMs: roundedMs, periodMs, count: Math.ceil((endMs - roundedMs) / periodMs) };
}

/** How far into the future values may lie (API reference, PutMetricData). */
const FUTURE_MS = 2 * 3_600_000;

/** Without the periods that can have no data: what a request spans costs nothing. */
export function withinRetention(grid: TimeGrid, nowMs: number): TimeGrid {
  const { startMs, periodMs, count } = grid;
  const skipped = Math.max(0, Math.floor((nowMs - retentionMs(periodMs) - startMs) / periodMs));
  const last = Math.ceil((nowMs + FUTURE_MS - startMs) / periodMs);
  return {
    startMs: startMs + skipped * periodMs,
    periodMs,
    count: Math.max(0, Math.min(count, last) - skipped),
  };
}
