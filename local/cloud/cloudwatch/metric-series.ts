import { Aggregate } from './aggregate';
import type { TimeGrid } from './time-grid';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How finely data is kept, and until what age, milliseconds: as the service does (user guide, "Metrics retention").
 * Older data moves to the next line.
 */
const RETENTION = [
  { resolutionMs: 1_000, keepMs: 3 * HOUR_MS },
  { resolutionMs: 60_000, keepMs: 15 * DAY_MS },
  { resolutionMs: 300_000, keepMs: 63 * DAY_MS },
  { resolutionMs: HOUR_MS, keepMs: 455 * DAY_MS },
] as const;

/** How old data can be that comes in periods of a length. */
export function retentionMs(periodMs: number): number {
  return Math.max(
    ...RETENTION.filter(({ resolutionMs }) => periodMs % resolutionMs === 0).map(({ keepMs }) => keepMs),
  );
}

/** Buckets that move to the next line at once, so that arrays are not shifted for each. */
const MOVE_AT_ONCE = 64;

/** Buckets of one resolution, by time. Stretches without data take no memory. */
class Tier {
  readonly starts: number[] = [];
  readonly aggregates: Aggregate[] = [];

  constructor(
    readonly resolutionMs: number,
    readonly keepMs: number,
  ) {}

  at(timeMs: number): Aggregate {
    const startMs = Math.floor(timeMs / this.resolutionMs) * this.resolutionMs;
    const index = this.firstFrom(startMs);
    const found = this.aggregates[index];
    if (found && this.starts[index] === startMs) return found;
    const aggregate = new Aggregate();
    this.starts.splice(index, 0, startMs);
    this.aggregates.splice(index, 0, aggregate);
    return aggregate;
  }

  /** Index of the first bucket that starts at this time or later. */
  firstFrom(timeMs: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.starts[middle] ?? 0) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The values of one metric in one unit. */
export class MetricSeries {
  private readonly tiers = RETENTION.map(({ resolutionMs, keepMs }) => new Tier(resolutionMs, keepMs));
  /** Time of the newest value, milliseconds since 1970. */
  newestAtMs = -Infinity;

  /** Buckets in memory. */
  get bucketCount(): number {
    return this.tiers.reduce((sum, { starts }) => sum + starts.length, 0);
  }

  /** The bucket for a value of a time, which may be late. Undefined when it is too old to be kept. */
  bucketFor(atMs: number, resolutionSeconds: 1 | 60, nowMs: number): Aggregate | undefined {
    this.newestAtMs = Math.max(this.newestAtMs, atMs);
    this.age(nowMs);
    const tier = this.tiers.find(
      ({ resolutionMs, keepMs }) => resolutionMs >= resolutionSeconds * 1_000 && nowMs - atMs <= keepMs,
    );
    return tier?.at(atMs);
  }

  /** What is known of each period of a grid. */
  read(
    { startMs, periodMs, count }: TimeGrid,
    nowMs: number,
    withSpread: boolean,
  ): (Aggregate | undefined)[] {
    const slots = new Array<Aggregate | undefined>(count).fill(undefined);
    const merged = new Set<Aggregate>();
    const endMs = startMs + periodMs * count;
    for (const tier of this.tiers) {
      // Shorter periods have no data from older than the retention of finer data (GetMetricStatistics, Period).
      const oldestMs = nowMs - (periodMs % tier.resolutionMs === 0 ? Infinity : RETENTION[0].keepMs);
      if (periodMs % tier.resolutionMs !== 0 && tier.resolutionMs > 60_000) continue;
      for (let index = tier.firstFrom(Math.max(startMs, oldestMs)); ; index += 1) {
        const bucketMs = tier.starts[index];
        const bucket = tier.aggregates[index];
        if (bucketMs === undefined || !bucket || bucketMs >= endMs) break;
        const slot = Math.floor((bucketMs - startMs) / periodMs);
        const before = slots[slot];
        if (!before) {
          slots[slot] = bucket;
          continue;
        }
        let target = before;
        if (!merged.has(before)) {
          target = new Aggregate();
          target.merge(before, withSpread);
          merged.add(target);
          slots[slot] = target;
        }
        target.merge(bucket, withSpread);
      }
    }
    return slots;
  }

  private age(nowMs: number): void {
    for (const [level, tier] of this.tiers.entries()) {
      const old = tier.firstFrom(nowMs - tier.keepMs);
      if (old < MOVE_AT_ONCE) continue;
      const starts = tier.starts.splice(0, old);
      const aggregates = tier.aggregates.splice(0, old);
      const next = this.tiers[level + 1];
      if (!next) continue;
      for (const [index, aggregate] of aggregates.entries()) {
        next.at(starts[index] ?? 0).merge(aggregate, true);
      }
    }
  }
}
