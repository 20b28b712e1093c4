import type { Clock } from '../../../core/clock';
import type { CloudLatencies } from '../cloud-latencies';
import type { MetricSink, MetricValue } from '../ports/metric-sink';
import { Aggregate, type StatisticSet } from './aggregate';
import { metricKey, type MetricId } from './metric-id';
import { MetricSeries } from './metric-series';
import { statisticOf, type Statistic } from './statistic';
import type { TimeGrid } from './time-grid';

/** What one datum adds to a metric. */
export interface MetricPoint {
  metric: MetricId;
  unit: string;
  /** Milliseconds since 1970. */
  atMs: number;
  resolutionSeconds: 1 | 60;
  /** Values with how often each came. */
  values?: readonly { value: number; weight: number }[];
  statistics?: StatisticSet;
}

/** A metric with the statistic of it that is looked at. */
export interface MetricStatistic {
  metric: MetricId;
  statistic: Statistic;
  /** Only data that was put with this unit. @default all of it */
  unit?: string | undefined;
}

export interface MetricStoreOptions {
  clock: Pick<Clock, 'nowMs'>;
  latencies: Pick<CloudLatencies, 'metricDelayMs'>;
}

interface Metric {
  id: MetricId;
  /** Data with a unit is aggregated apart from data with another (API reference, PutMetricAlarm, Unit). */
  units: Map<string, MetricSeries>;
}

/** Metrics that are kept; of more, those that got no data for longest are forgotten. */
const MAX_METRICS = 10_000;

/** ListMetrics does not show metrics without data for two weeks (API reference, ListMetrics). */
const LISTED_FOR_MS = 14 * 24 * 3_600_000;

export const NO_UNIT = 'None';

/** What was measured. A value is seen by readers some time after it was put, also when it belongs into the past. */
export class MetricStore implements MetricSink {
  /** By {@link metricKey}, in the order of their last data. */
  private readonly metrics = new Map<string, Metric>();
  /** Put, but not yet seen, in order. */
  private readonly pending: { visibleAtMs: number; point: MetricPoint }[] = [];

  constructor(private readonly options: MetricStoreOptions) {}

  /** Values that are no numbers are left out, as the service refuses them. */
  record(values: readonly MetricValue[]): void {
    this.put(
      values
        .filter(({ value }) => Number.isFinite(value))
        .map(({ namespace, name, dimensions, value, atMs, unit = NO_UNIT, resolutionSeconds = 60 }) => ({
          metric: { namespace, name, dimensions },
          unit,
          atMs,
          resolutionSeconds,
          values: [{ value, weight: 1 }],
        })),
    );
  }

  put(points: readonly MetricPoint[]): void {
    const visibleAtMs = this.options.clock.nowMs() + this.options.latencies.metricDelayMs;
    for (const point of points) this.pending.push({ visibleAtMs, point });
    this.showPending();
  }

  /** A statistic in each period; undefined in those without data. */
  read(what: MetricStatistic, grid: TimeGrid): (number | undefined)[] {
    const { statistic, unit } = what;
    const aggregates = this.aggregates(what.metric, grid, { unit, withSpread: !statistic.plain });
    return aggregates.map((aggregate) => aggregate && statisticOf(aggregate, statistic));
  }

  aggregates(
    id: MetricId,
    grid: TimeGrid,
    { unit, withSpread }: { unit?: string | undefined; withSpread: boolean },
  ): (Aggregate | undefined)[] {
    this.showPending();
    const nowMs = this.options.clock.nowMs();
    const units = this.metrics.get(metricKey(id))?.units;
    // Without a unit all data counts; the service calls the outcome undefined when units are mixed.
    const series = unit === undefined ? [...(units?.values() ?? [])] : [units?.get(unit)];
    const [first, ...others] = series.flatMap((one) => (one ? [one.read(grid, nowMs, withSpread)] : []));
    if (!first) return new Array<undefined>(grid.count).fill(undefined);
    return others.reduce(
      (sofar, more) => sofar.map((aggregate, index) => together(aggregate, more[index], withSpread)),
      first,
    );
  }

  /** In which units a metric has data. */
  unitsOf(id: MetricId): string[] {
    this.showPending();
    return [...(this.metrics.get(metricKey(id))?.units.keys() ?? [])];
  }

  /** Metrics with data since then. @param sinceMs milliseconds since 1970. @default two weeks ago */
  list(sinceMs = this.options.clock.nowMs() - LISTED_FOR_MS): MetricId[] {
    this.showPending();
    return [...this.metrics.values()]
      .filter(({ units }) => [...units.values()].some(({ newestAtMs }) => newestAtMs >= sinceMs))
      .map(({ id }) => id);
  }

  /** Buckets in memory, of all metrics. */
  get bucketCount(): number {
    let count = 0;
    for (const { units } of this.metrics.values()) {
      for (const series of units.values()) count += series.bucketCount;
    }
    return count;
  }

  private showPending(): void {
    const nowMs = this.options.clock.nowMs();
    let due = 0;
    for (const { visibleAtMs, point } of this.pending) {
      if (visibleAtMs > nowMs) break;
      this.show(point, nowMs);
      due += 1;
    }
    if (due > 0) this.pending.splice(0, due);
  }

  private show(
    { metric: id, unit, atMs, resolutionSeconds, values, statistics }: MetricPoint,
    nowMs: number,
  ): void {
    const key = metricKey(id);
    const metric = this.metrics.get(key) ?? { id, units: new Map<string, MetricSeries>() };
    this.metrics.delete(key);
    this.metrics.set(key, metric);
    if (this.metrics.size > MAX_METRICS) {
      const [longestSilent] = this.metrics.keys();
      if (longestSilent !== undefined) this.metrics.delete(longestSilent);
    }
    let series = metric.units.get(unit);
    if (!series) metric.units.set(unit, (series = new MetricSeries()));
    const bucket = series.bucketFor(atMs, resolutionSeconds, nowMs);
    for (const { value, weight } of values ?? []) bucket?.add(value, weight);
    if (statistics) bucket?.addStatistics(statistics);
  }
}

function together(
  one: Aggregate | undefined,
  other: Aggregate | undefined,
  withSpread: boolean,
): Aggregate | undefined {
  if (!one || !other) return one ?? other;
  const both = new Aggregate();
  both.merge(one, withSpread);
  both.merge(other, withSpread);
  return both;
}
