import { runInNewContext } from 'node:vm';
import { onlyResource, resourcesOf, synthesizeFleet } from '../helpers/synthesize-fleet';

const template = synthesizeFleet({
  config: {
    scaling: {
      scheduledFloors: [{ name: 'morning', cron: '30 7 * * MON-FRI', timeZone: 'Europe/Berlin', min: 8 }],
    },
  },
}).template('fleet');

interface Query {
  Id: string;
  Expression?: string;
  ReturnData: boolean;
  MetricStat?: { Metric: { MetricName: string; Dimensions: object[] }; Period: number; Stat: string };
}

interface Alarm {
  AlarmActions: { Ref: string }[];
  Threshold: number;
  EvaluationPeriods: number;
  DatapointsToAlarm: number;
  ComparisonOperator: string;
  TreatMissingData: string;
  Period?: number;
  MetricName?: string;
  Metrics: Query[];
}

function alarm(name: string): Alarm {
  const found = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).find(
    ({ Properties }) => Properties['AlarmName'] === `fleet-nodes-${name}`,
  );
  if (!found) throw new Error(`there is no alarm ${name}`);
  return found.Properties as unknown as Alarm;
}

/** Steps of the policy that an alarm triggers. */
function steps(of: Alarm): unknown {
  const [action] = of.AlarmActions;
  return resourcesOf(template, 'AWS::AutoScaling::ScalingPolicy')[action?.Ref ?? '']?.Properties[
    'StepAdjustments'
  ];
}

/** What an alarm's metric math gives for one data point; the formulas are JavaScript but for the functions' names. */
function evaluate(of: Alarm, terms: Record<string, number | undefined>, rise = 0): number {
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

test('every alarm says what missing data is, reads the pool under its one dimension and returns one value', () => {
  for (const { Properties } of Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm'))) {
    const of = Properties as unknown as Alarm;
    expect(of.TreatMissingData).toBeDefined();
    if (!of.Metrics) continue;
    expect(of.Metrics.filter(({ ReturnData }) => ReturnData)).toHaveLength(1);
    for (const { MetricStat } of of.Metrics) {
      if (MetricStat)
        expect(MetricStat.Metric.Dimensions).toEqual([
          { Name: 'AutoScalingGroupName', Value: 'fleet-nodes' },
        ]);
    }
  }
});

test('a silent pool wakes somebody', () => {
  expect(alarm('silent-nodes').TreatMissingData).toBe('breaching');
});

test('the floor rises on schedule', () => {
  expect(onlyResource(template, 'AWS::AutoScaling::ScheduledAction').Properties).toMatchObject({
    Recurrence: '30 7 * * MON-FRI',
    TimeZone: 'Europe/Berlin',
    MinSize: 8,
  });
});
