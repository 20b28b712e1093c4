import type { PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import { notSimulated, validationError } from './cloudwatch-error';
import type { AlarmRule, Comparison, MissingData } from './evaluate-alarm';
import { readMetricQueries, type MetricQuery } from './metric-query';
import { QueryEvaluation } from './query-evaluation';
import { readDimensions } from './read-dimensions';
import { parseStatistic, PLAIN_STATISTICS } from './statistic';

/** What PutMetricAlarm sets. */
export interface AlarmDefinition {
  name: string;
  /** As it was given, for those who ask. */
  input: PutMetricAlarmInput;
  rule: AlarmRule;
  periodSeconds: number;
  queries: readonly MetricQuery[];
  /** The one of the queries whose values are compared. */
  watched: MetricQuery;
  actions: Record<'OK' | 'ALARM' | 'INSUFFICIENT_DATA', readonly string[]>;
}

const COMPARISONS: readonly string[] = [
  'GreaterThanOrEqualToThreshold',
  'GreaterThanThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] satisfies Comparison[];

const MISSING_DATA: readonly string[] = [
  'missing',
  'ignore',
  'breaching',
  'notBreaching',
] satisfies MissingData[];

const DAY_SECONDS = 86_400;
/** User guide, "Creating an alarm based on a math expression". */
const MAX_METRICS = 10;
/** API reference, PutMetricAlarm: so many for each state. */
const MAX_ACTIONS = 5;

/** @throws ServiceError as PutMetricAlarm does */
export function readAlarmDefinition(input: PutMetricAlarmInput): AlarmDefinition {
  const { AlarmName: name } = input;
  if (!name) throw nullAt('alarmName');
  if (name.length > 255 || hasControlCharacter(name)) {
    throw validationError(`Alarm name is invalid: ${JSON.stringify(name)}`);
  }
  refuseWhatIsNotSimulated(input);
  const { queries, watched } = input.Metrics ? mathQueries(input) : metricQueries(input);
  const rule = readRule(input);
  const { periodSeconds } = watched;
  checkPeriods(periodSeconds, rule.evaluationPeriods);
  return {
    name,
    input,
    rule,
    periodSeconds,
    queries,
    watched,
    actions: {
      OK: readActions(input.OKActions),
      ALARM: readActions(input.AlarmActions),
      INSUFFICIENT_DATA: readActions(input.InsufficientDataActions),
    },
  };
}

function readRule(input: PutMetricAlarmInput): AlarmRule {
  const { ComparisonOperator, EvaluationPeriods, Threshold, TreatMissingData = 'missing' } = input;
  if (!ComparisonOperator) throw nullAt('comparisonOperator');
  if (!COMPARISONS.includes(ComparisonOperator)) {
    throw notIn('comparisonOperator', ComparisonOperator, COMPARISONS);
  }
  if (EvaluationPeriods === undefined) throw nullAt('evaluationPeriods');
  if (!isCount(EvaluationPeriods)) throw tooSmall('evaluationPeriods', EvaluationPeriods);
  const { DatapointsToAlarm = EvaluationPeriods } = input;
  if (!isCount(DatapointsToAlarm)) throw tooSmall('datapointsToAlarm', DatapointsToAlarm);
  if (DatapointsToAlarm > EvaluationPeriods) {
    throw validationError('DatapointsToAlarm must be less than or equal to EvaluationPeriods');
  }
  if (Threshold === undefined) throw validationError('Threshold must not be null');
  if (!MISSING_DATA.includes(TreatMissingData)) {
    throw notIn('treatMissingData', TreatMissingData, MISSING_DATA);
  }
  return {
    comparison: ComparisonOperator as Comparison,
    threshold: Threshold,
    evaluationPeriods: EvaluationPeriods,
    datapointsToAlarm: DatapointsToAlarm,
    treatMissingData: TreatMissingData as MissingData,
  };
}

function metricQueries(input: PutMetricAlarmInput): { queries: MetricQuery[]; watched: MetricQuery } {
  const { MetricName, Namespace, Statistic, ExtendedStatistic, Period } = input;
  if (!MetricName) throw validationError('MetricName must not be null');
  if (!Namespace) throw validationError('Namespace must not be null');
  if (Period === undefined) throw validationError('Period must not be null');
  if (Statistic && ExtendedStatistic) {
    throw validationError('Statistic and ExtendedStatistic must not both be set');
  }
  if (Statistic && !PLAIN_STATISTICS.includes(Statistic))
    throw notIn('statistic', Statistic, PLAIN_STATISTICS);
  const text = Statistic ?? ExtendedStatistic;
  if (!text) throw validationError('Either Statistic or ExtendedStatistic must be set');
  const statistic = parseStatistic(text);
  if (!statistic)
    throw validationError(`The value ${text} for parameter ExtendedStatistic is not supported.`);
  const watched: MetricQuery = {
    kind: 'metric',
    id: 'm1',
    label: MetricName,
    returnData: true,
    periodSeconds: Period,
    what: {
      metric: {
        namespace: Namespace,
        name: MetricName,
        dimensions: readDimensions(input.Dimensions, 'Dimensions'),
      },
      statistic,
      unit: input.Unit,
    },
  };
  return { queries: [watched], watched };
}

function mathQueries(input: PutMetricAlarmInput): { queries: MetricQuery[]; watched: MetricQuery } {
  const apart = [
    'MetricName',
    'Namespace',
    'Dimensions',
    'Period',
    'Unit',
    'Statistic',
    'ExtendedStatistic',
  ] as const;
  for (const member of apart) {
    const value = input[member];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) {
      throw validationError(`${member} should not be set if list of Metrics is set.`);
    }
  }
  const queries = readMetricQueries(input.Metrics ?? [], 'Metrics');
  const [watched, ...more] = queries.filter(({ returnData }) => returnData);
  if (!watched || more.length > 0) {
    throw validationError('Exactly one element of the metrics list should return data.');
  }
  if (queries.filter(({ kind }) => kind === 'metric').length > MAX_METRICS) {
    throw validationError(`An alarm can be based on at most ${MAX_METRICS} metrics.`);
  }
  if (new Set(queries.map(({ periodSeconds }) => periodSeconds)).size > 1) {
    throw validationError('All metrics of an alarm must have the same period.');
  }
  // Without data: the form of the result is known all the same.
  const noData = new QueryEvaluation({ read: () => [undefined] }, queries, {
    startMs: 0,
    periodMs: 1,
    count: 1,
  });
  if (noData.lines(watched).length !== 1) {
    throw validationError(`Error in expression '${watched.id}': an alarm needs exactly one time series`);
  }
  return { queries, watched };
}

function checkPeriods(period: number, evaluationPeriods: number): void {
  if (![10, 20, 30].includes(period) && (period <= 0 || period % 60 !== 0)) {
    throw validationError('Period must be 10, 20, 30 or a multiple of 60');
  }
  const limit = period < 3_600 ? DAY_SECONDS : 7 * DAY_SECONDS;
  if (period * evaluationPeriods > limit) {
    throw validationError(
      `Metrics cannot be checked across more than ${limit === DAY_SECONDS ? 'a day' : 'seven days'} ` +
        `(EvaluationPeriods * Period must be <= ${limit}).`,
    );
  }
}

function refuseWhatIsNotSimulated(input: PutMetricAlarmInput): void {
  if (input.ThresholdMetricId !== undefined) throw notSimulated('anomaly detection');
  if (input.EvaluationCriteria || input.EvaluationInterval !== undefined) throw notSimulated('PromQL alarms');
  if (input.EvaluationWindow) throw notSimulated('evaluation windows');
  if (input.WarmUpConfiguration) throw notSimulated('warm-up of alarms');
  if ((input.EvaluateLowSampleCountPercentile ?? 'evaluate') !== 'evaluate') {
    throw notSimulated('EvaluateLowSampleCountPercentile other than evaluate');
  }
}

function readActions(arns: readonly string[] = []): readonly string[] {
  if (arns.length > MAX_ACTIONS) {
    throw validationError(`No more than ${MAX_ACTIONS} actions are allowed for a state.`);
  }
  const wrong = arns.find((arn) => !/^arn:[\w-]+:[\w-]+:[\w-]*:\d*:.+$/.test(arn));
  if (wrong !== undefined) throw validationError(`Invalid arn syntax: ${wrong}`);
  return arns;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\x7f');
}

// The wording of AWS' common checks of inputs.
function nullAt(member: string) {
  return validationError(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

function tooSmall(member: string, value: number) {
  return validationError(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value greater than or equal to 1`,
  );
}

function notIn(member: string, value: string, allowed: readonly string[]) {
  return validationError(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: [${allowed.join(', ')}]`,
  );
}
