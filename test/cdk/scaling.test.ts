import { runInNewContext } from 'node:vm';
import { ALARM_TERMS } from '../../core/deployment/cost-floor';
import { METRIC_NAMES, METRIC_NAMESPACE } from '../../core/deployment/fleet-metrics';
import { CARETAKER_METRICS } from '../../core/drain/caretaker-metrics';
import { metricData } from '../../node-app/aws/metric-data';
import { onlyResource, resourcesOf, synthesizeFleet } from '../helpers/synthesize-fleet';
import { nodeFigures } from '../unit/aws/node-figures';

const fleet = synthesizeFleet({
  config: {
    scaling: {
      scheduledFloors: [{ name: 'morning', cron: '30 7 * * MON-FRI', timeZone: 'Europe/Berlin', min: 8 }],
    },
  },
});
const template = fleet.template('fleet');

interface Query {
  Id: string;
  Expression?: string;
  ReturnData: boolean;
  MetricStat?: {
    Metric: { Namespace: string; MetricName: string; Dimensions: object[] };
    Period: number;
    Stat: string;
  };
}

interface Alarm {
  AlarmActions: { Ref: string }[];
  Threshold: number;
  EvaluationPeriods: number;
  DatapointsToAlarm: number;
  ComparisonOperator: string;
  TreatMissingData: string;
  Period?: number;
  Namespace?: string;
  MetricName?: string;
  Dimensions?: object[];
  Metrics?: Query[];
}

function alarm(name: string): Alarm & { Metrics: Query[] } {
  const found = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).find(
    ({ Properties }) => Properties['AlarmName'] === `fleet-nodes-${name}`,
  );
  if (!found) throw new Error(`there is no alarm ${name}`);
  return { Metrics: [], ...(found.Properties as unknown as Alarm) };
}

/** What an alarm reads, alone or in its metric math. */
function metricsOf({ Metrics, Namespace = '', MetricName = '', Dimensions = [], Period = 0 }: Alarm) {
  if (!Metrics) return [{ Namespace, MetricName, Dimensions, Period }];
  return Metrics.flatMap(({ MetricStat }) =>
    MetricStat ? [{ ...MetricStat.Metric, Period: MetricStat.Period }] : [],
  );
}

function alarmsOf(stack: 'fleet' | 'store'): Alarm[] {
  return Object.values(resourcesOf(fleet.template(stack), 'AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties as unknown as Alarm,
  );
}

/** Steps of the policy that an alarm triggers. */
function steps(of: Alarm): unknown {
  const [action] = of.AlarmActions;
  return resourcesOf(template, 'AWS::AutoScaling::ScalingPolicy')[action?.Ref ?? '']?.Properties[
    'StepAdjustments'
  ];
}

/** What an alarm's metric math gives for one data point; the formulas are JavaScript but for the functions' names. */
function evaluate(of: { Metrics: Query[] }, terms: Record<string, number | undefined>, rise = 0): number {
  const scope: Record<string, unknown> = {
    ...terms,
    IF: (condition: boolean, yes: number, no: number) => (condition ? yes : no),
    MAX: (values: number[]) => Math.max(...values),
    FILL: (value: number | undefined, filler: number) => value ?? filler,
    DIFF: () => rise,
  };
  let result: number | undefined;
  for (const { Id, Expression, ReturnData } of of.Metrics) {
    if (Expression === undefined) continue;
    const value = Number(runInNewContext(Expression, scope));
    scope[Id] = value;
    if (ReturnData) result = value;
  }
  if (result === undefined) throw new Error('the alarm returns nothing');
  return result;
}

const SAFE = 3_750_000_000;
const SAFE_PACKETS = 140_000;

/** Sums over a period in which each of some nodes reports so many samples. */
function sums({ nodes, samples, utilization }: { nodes: number; samples: number; utilization: number }) {
  return {
    egress: nodes * samples * SAFE * utilization,
    safeEgress: nodes * samples * SAFE,
    packets: 0,
    safePackets: nodes * samples * SAFE_PACKETS,
  };
}

describe('growing', () => {
  const busy = alarm('busy');

  test('65 % of the safe capacity for 60 s, in periods of 10 s', () => {
    expect(busy).toMatchObject({
      Threshold: 0.65,
      EvaluationPeriods: 6,
      DatapointsToAlarm: 6,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
    const periods = busy.Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? []);
    expect(new Set(periods)).toEqual(new Set([10]));
  });

  test('load is the sum over the pool, so that one full node among empty ones is not an average of percents', () => {
    const mixed = { egress: 5e9 + 0, safeEgress: 5e9 + 20e9, packets: 0, safePackets: 1e6 };
    expect(evaluate(busy, mixed)).toBeCloseTo(0.2);
  });

  test('packets count as much as egress', () => {
    expect(evaluate(busy, { egress: 1, safeEgress: 10, packets: 7, safePackets: 10 })).toBeCloseTo(0.7);
  });

  test('the fuller the fleet, the more nodes are added', () => {
    expect(steps(busy)).toEqual([
      { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 0.15, ScalingAdjustment: 1 },
      { MetricIntervalLowerBound: 0.15, ScalingAdjustment: 2 },
    ]);
  });

  test('one join that found no capacity adds nodes at once', () => {
    const none = alarm('no-capacity');
    expect(none).toMatchObject({ MetricName: 'NoCapacity', Threshold: 1, EvaluationPeriods: 1, Period: 10 });
    expect(steps(none)).toEqual([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 2 }]);
  });
});

describe('shrinking', () => {
  const idle = alarm('idle');
  const nodes = 4;
  const full = { ...sums({ nodes, samples: 30, utilization: 0.2 }), samples: nodes * 30, inService: nodes };

  test('it takes 15 minutes below the threshold, and one node at a time', () => {
    expect(idle).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 0.4,
      EvaluationPeriods: 3,
    });
    expect(new Set(idle.Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? []))).toEqual(
      new Set([300]),
    );
    expect(steps(idle)).toEqual([{ MetricIntervalUpperBound: 0, ScalingAdjustment: -1 }]);
  });

  test('what counts is the utilization with one node fewer', () => {
    expect(evaluate(idle, full)).toBeCloseTo((0.2 * 4) / 3);
  });

  test('a silent node never reads as an empty one: nobody leaves', () => {
    const silent = { ...sums({ nodes: 3, samples: 30, utilization: 0 }), samples: 3 * 30, inService: 4 };
    expect(evaluate(idle, silent)).toBeGreaterThan(idle.Threshold);
    const almostAll = {
      ...sums({ nodes: 99, samples: 30, utilization: 0 }),
      samples: 99 * 30,
      inService: 100,
    };
    expect(evaluate(idle, almostAll)).toBeGreaterThan(idle.Threshold);
  });

  test('nobody leaves a group whose size is not known', () => {
    expect(evaluate(idle, { ...full, inService: undefined })).toBeGreaterThan(idle.Threshold);
  });

  test('a few samples beyond the edge of the period keep nobody', () => {
    expect(evaluate(idle, { ...full, samples: nodes * 30 - nodes })).toBeLessThan(idle.Threshold);
  });

  test('a growing fleet keeps the headroom of its growth', () => {
    expect(evaluate(idle, full, 0.15)).toBeGreaterThan(idle.Threshold);
    expect(evaluate(idle, full, -0.15)).toBeCloseTo((0.2 * 4) / 3);
  });

  test('the last node never leaves', () => {
    const one = { ...sums({ nodes: 1, samples: 30, utilization: 0 }), samples: 30, inService: 1 };
    expect(evaluate(idle, one)).toBeGreaterThan(idle.Threshold);
  });

  test('no data at all removes nobody', () => {
    expect(idle.TreatMissingData).toBe('notBreaching');
  });
});

describe('metrics of alarms', () => {
  const published = metricData(
    nodeFigures({ ena: { bwOut: 1, pps: 1, conntrack: 1 } }),
    {
      totals: { joinsAccepted: 0, joinsFailed: 0, noCapacity: 0, reconnects: 0 },
      ena: { bwOut: 0, pps: 0, conntrack: 0 },
    },
    { timestamp: new Date(0), autoScalingGroupName: 'fleet-nodes' },
  );
  const ours = alarmsOf('fleet')
    .flatMap(metricsOf)
    .filter(({ Namespace }) => Namespace === METRIC_NAMESPACE);

  test('every alarm says what missing data is and returns one value', () => {
    for (const { TreatMissingData, Metrics } of alarmsOf('fleet')) {
      expect(TreatMissingData).toBeDefined();
      if (Metrics) expect(Metrics.filter(({ ReturnData }) => ReturnData)).toHaveLength(1);
    }
  });

  test('what they read is what nodes and Lambdas publish, under the one dimension: CloudWatch adds nothing up', () => {
    expect(published.map(({ MetricName }) => MetricName)).toEqual([...METRIC_NAMES]);
    expect(ours.length).toBeGreaterThan(0);
    for (const { MetricName, Dimensions } of ours) {
      expect([...METRIC_NAMES, ...CARETAKER_METRICS]).toContain(MetricName);
      expect(Dimensions).toEqual([{ Name: 'AutoScalingGroupName', Value: 'fleet-nodes' }]);
    }
    for (const { Dimensions } of published) {
      expect(Dimensions).toEqual([{ Name: 'AutoScalingGroupName', Value: 'fleet-nodes' }]);
    }
  });

  test('periods of 10 s need metrics of high resolution, which the nodes publish', () => {
    const short = ours.filter(({ Period }) => Period < 60);
    expect(short.length).toBeGreaterThan(0);
    for (const { MetricName } of short) {
      const datum = published.find((candidate) => candidate.MetricName === MetricName);
      expect(datum?.StorageResolution).toBe(1);
    }
    // The service's own metrics come each minute.
    for (const { Namespace, Period } of alarmsOf('fleet').flatMap(metricsOf)) {
      if (Namespace !== METRIC_NAMESPACE) expect(Period).toBeGreaterThanOrEqual(60);
    }
  });

  test('the cost floor counts all that they read', () => {
    const periods = [...alarmsOf('fleet'), ...alarmsOf('store')]
      .flatMap(metricsOf)
      .map(({ Period }) => Period);
    const high = periods.filter((period) => period < 60).length;
    expect(high).toBe(ALARM_TERMS.highResolution);
    expect(periods.length - high).toBe(ALARM_TERMS.standard + 2 * ALARM_TERMS.perStoreMember);
  });

  test('each of the three allowances by which AWS throttles an instance wakes somebody', () => {
    for (const allowance of ['bw', 'pps', 'conntrack']) {
      expect(alarm(`throttled-${allowance}`)).toMatchObject({
        MetricName: expect.stringMatching(new RegExp(`^Ena${allowance}.*Exceeded$`, 'i')) as unknown,
        Threshold: 0,
      });
    }
  });
});

describe('silence', () => {
  const silent = alarm('silent-nodes');
  const isLoud = (terms: { samples: number | undefined; inService: number }) =>
    evaluate(silent, terms) > silent.Threshold;

  test('of one node wakes somebody, a late sample does not', () => {
    expect(isLoud({ samples: 3 * 6, inService: 4 })).toBe(true);
    expect(isLoud({ samples: 4 * 6 - 3, inService: 4 })).toBe(false);
  });

  test('of the whole pool wakes somebody, with and without the size of the group', () => {
    expect(isLoud({ samples: undefined, inService: 4 })).toBe(true);
    expect(silent.TreatMissingData).toBe('breaching');
  });

  test('is not what a cordoned node does: it reports, without being capacity', () => {
    const [samples] = metricsOf(silent);
    const cordoned = metricData(
      nodeFigures({ state: 'CORDONED' }),
      { totals: nodeFigures().totals, ena: undefined },
      { timestamp: new Date(0), autoScalingGroupName: 'fleet-nodes' },
    ).map(({ MetricName }) => MetricName);
    expect(cordoned).toContain(samples?.MetricName);
    expect(cordoned).not.toContain('SafeEgressBps');
  });
});

test('the floor rises on schedule', () => {
  expect(onlyResource(template, 'AWS::AutoScaling::ScheduledAction').Properties).toMatchObject({
    Recurrence: '30 7 * * MON-FRI',
    TimeZone: 'Europe/Berlin',
    MinSize: 8,
  });
});
