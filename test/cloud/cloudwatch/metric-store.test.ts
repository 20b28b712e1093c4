import { parseStatistic } from '../../../local/cloud/cloudwatch/statistic';
import { cloudWatchFixture, DIMENSIONS } from './cloudwatch-fixture';

const HOUR_MS = 3_600_000;

function reader(fixture: ReturnType<typeof cloudWatchFixture>) {
  return (text: string, periodMs: number, startMs: number, count: number, name = 'Load') => {
    const statistic = parseStatistic(text);
    if (!statistic) throw new Error(`${text} is no statistic`);
    const metric = { namespace: 'MediasoupFleet', name, dimensions: DIMENSIONS };
    return fixture.cloudWatch.metrics.read({ metric, statistic }, { startMs, periodMs, count });
  };
}

it('aggregates raw values per period, with every statistic', () => {
  const fixture = cloudWatchFixture();
  const read = reader(fixture);
  for (const value of [1, 2, 3, 10]) fixture.put('Load', value, 1_000_000);
  fixture.put('Load', 7, 1_010_000);
  expect(read('Sum', 10_000, 1_000_000, 3)).toEqual([16, 7, undefined]);
  expect(read('Average', 10_000, 1_000_000, 2)).toEqual([4, 7]);
  expect(read('Minimum', 10_000, 1_000_000, 2)).toEqual([1, 7]);
  expect(read('Maximum', 10_000, 1_000_000, 2)).toEqual([10, 7]);
  expect(read('SampleCount', 20_000, 1_000_000, 1)).toEqual([5]);
  expect(read('p50', 10_000, 1_000_000, 1)).toEqual([2]);
  expect(read('p99', 20_000, 1_000_000, 1)).toEqual([10]);
});

it('shows a value only after the delay, in the past period to which it belongs', async () => {
  const fixture = cloudWatchFixture({ metricDelayMs: 2_000 });
  const read = reader(fixture);
  fixture.put('Load', 5, 1_000_000);
  expect(read('Sum', 10_000, 1_000_000, 1)).toEqual([undefined]);
  await fixture.clock.advance(2_000);
  expect(read('Sum', 10_000, 1_000_000, 1)).toEqual([5]);
  await fixture.clock.advance(60_000);
  fixture.put('Load', 6, 1_000_000);
  await fixture.clock.advance(2_000);
  expect(read('Sum', 10_000, 1_000_000, 1)).toEqual([11]);
});

it('keeps standard resolution in minutes: short periods see it in the first of the minute only', () => {
  const fixture = cloudWatchFixture();
  const read = reader(fixture);
  fixture.cloudWatch.metrics.record([
    { namespace: 'MediasoupFleet', name: 'Load', dimensions: DIMENSIONS, value: 3, atMs: 1_055_000 },
  ]);
  expect(read('Sum', 10_000, 1_020_000, 6)).toEqual([3, ...new Array<undefined>(5).fill(undefined)]);
  expect(read('Sum', 60_000, 1_020_000, 1)).toEqual([3]);
});

it('has a metric of its own for each combination of dimensions, in whatever order', () => {
  const { cloudWatch } = cloudWatchFixture();
  const value = { namespace: 'N', name: 'M', value: 1, atMs: 1_000_000 };
  cloudWatch.metrics.record([
    { ...value, dimensions: { a: '1', b: '2' } },
    { ...value, dimensions: { b: '2', a: '1' } },
    { ...value, dimensions: { a: '1' } },
  ]);
  expect(cloudWatch.metrics.list()).toHaveLength(2);
});

it('keeps units apart, and adds them up where none is asked for', () => {
  const { cloudWatch } = cloudWatchFixture();
  const metric = { namespace: 'N', name: 'M', dimensions: {} };
  const value = { ...metric, atMs: 1_000_000, resolutionSeconds: 1 as const };
  cloudWatch.metrics.record([
    { ...value, value: 1, unit: 'Count' },
    { ...value, value: 2, unit: 'Bytes' },
  ]);
  const grid = { startMs: 1_000_000, periodMs: 10_000, count: 1 };
  const statistic = parseStatistic('Sum');
  if (!statistic) throw new Error('Sum');
  expect(cloudWatch.metrics.read({ metric, statistic }, grid)).toEqual([3]);
  expect(cloudWatch.metrics.read({ metric, statistic, unit: 'Bytes' }, grid)).toEqual([2]);
  expect(cloudWatch.metrics.unitsOf(metric)).toEqual(['Count', 'Bytes']);
});

it('holds an hour of 10 s data of 20 metrics from 50 nodes in a bucket per metric and period', async () => {
  const fixture = cloudWatchFixture();
  const nodes = Array.from({ length: 50 }, (_, node) => node);
  for (let period = 0; period < 360; period += 1) {
    const value = {
      namespace: 'N',
      dimensions: DIMENSIONS,
      atMs: fixture.clock.nowMs(),
      resolutionSeconds: 1 as const,
    };
    for (let metric = 0; metric < 20; metric += 1) {
      fixture.cloudWatch.metrics.record(
        nodes.map((node) => ({ ...value, name: `Metric${metric}`, value: node * 1.1 })),
      );
    }
    await fixture.clock.advance(10_000);
  }
  expect(fixture.cloudWatch.metrics.bucketCount).toBe(20 * 360);
});

it('moves what is older than 3 hours into minutes, without changing sums', async () => {
  const fixture = cloudWatchFixture();
  const read = reader(fixture);
  const startMs = 1_020_000;
  await fixture.clock.advance(20_000);
  for (let period = 0; period < 12 * 360; period += 1) {
    fixture.put('Load', 1);
    await fixture.clock.advance(10_000);
  }
  const { bucketCount } = fixture.cloudWatch.metrics;
  // 9 hours in minutes, 3 hours as they came, and what waits to be moved.
  expect(bucketCount).toBeGreaterThanOrEqual(9 * 60 + 3 * 360);
  expect(bucketCount).toBeLessThan(9 * 60 + 3 * 360 + 80);
  expect(read('Sum', HOUR_MS, startMs, 12)).toEqual(new Array(12).fill(360));
  expect(read('p100', HOUR_MS, startMs, 1)).toEqual([1]);
  // Old data has no periods below a minute any more.
  expect(read('Sum', 10_000, startMs, 6)).toEqual(new Array(6).fill(undefined));
  fixture.put('Load', 5, startMs);
  expect(read('Sum', 60_000, startMs, 1)).toEqual([11]);
});

it('drops what is no number', () => {
  const fixture = cloudWatchFixture();
  fixture.put('Load', NaN);
  fixture.put('Load', Infinity);
  expect(fixture.cloudWatch.metrics.list()).toEqual([]);
});
