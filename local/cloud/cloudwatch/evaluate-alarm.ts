import type { AlarmState } from '../ports/alarm-action';
import type { Points } from './metric-math/math-value';

export type Comparison =
  | 'GreaterThanOrEqualToThreshold'
  | 'GreaterThanThreshold'
  | 'LessThanThreshold'
  | 'LessThanOrEqualToThreshold';

export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

export interface AlarmRule {
  comparison: Comparison;
  threshold: number;
  /** N. */
  evaluationPeriods: number;
  /** M. */
  datapointsToAlarm: number;
  treatMissingData: MissingData;
}

export interface AlarmVerdict {
  /** Undefined: the alarm stays as it is. */
  state: AlarmState | undefined;
  /** Indices of the points that were looked at, newest first. */
  evaluated: readonly number[];
  /** How many more were made up as `treatMissingData` says. */
  filled: number;
}

/**
 * How many periods are looked at for so many that are needed. AWS does not publish the number; in its table it is five
 * for three (user guide, "How alarm state is evaluated when data is missing").
 */
export function evaluationRange(evaluationPeriods: number): number {
  return evaluationPeriods + 2;
}

const COMPARE: Record<Comparison, (value: number, threshold: number) => boolean> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export function breaches(
  { comparison, threshold }: Pick<AlarmRule, 'comparison' | 'threshold'>,
  value: number,
) {
  return COMPARE[comparison](value, threshold);
}

/**
 * The state that follows from the points of the evaluation range, oldest first, as the user guide tells it in
 * "Configuring how CloudWatch alarms treat missing data" and "Avoiding premature transitions to alarm state".
 */
export function evaluateAlarm(rule: AlarmRule, points: Points): AlarmVerdict {
  const { evaluationPeriods, datapointsToAlarm } = rule;
  const present = points
    .flatMap((value, index) => (value === undefined ? [] : [{ index, breaching: breaches(rule, value) }]))
    .reverse();
  // The most recent real points, from farther back if need be: then missing ones do not matter.
  const looked = present.slice(0, evaluationPeriods);
  const breaching = looked.filter((point) => point.breaching).length;
  const verdict = { evaluated: looked.map(({ index }) => index), filled: evaluationPeriods - looked.length };
  if (breaching >= datapointsToAlarm) return { ...verdict, state: 'ALARM' };
  if (verdict.filled === 0) return { ...verdict, state: 'OK' };
  switch (rule.treatMissingData) {
    case 'breaching':
      return { ...verdict, state: breaching + verdict.filled >= datapointsToAlarm ? 'ALARM' : 'OK' };
    case 'notBreaching':
      return { ...verdict, state: 'OK' };
    case 'missing':
      return { ...verdict, state: withoutMissing(rule, points.length, looked, 'INSUFFICIENT_DATA') };
    case 'ignore':
      return { ...verdict, state: withoutMissing(rule, points.length, looked, undefined) };
  }
}

/** With fewer real points than needed, too few of them breaching, and nothing made up. */
function withoutMissing(
  { datapointsToAlarm, treatMissingData }: AlarmRule,
  range: number,
  looked: readonly { index: number; breaching: boolean }[],
  otherwise: AlarmState | undefined,
): AlarmState | undefined {
  if (looked.some(({ breaching }) => !breaching)) return 'OK';
  const oldest = looked.at(-1);
  if (!oldest) return otherwise;
  // Only breaching or missing since that long: it is no longer premature. A fresh one might be followed by a good one;
  // that this is INSUFFICIENT_DATA until then stands in an earlier edition of the table only (`- - - - X`).
  const age = range - oldest.index;
  return age >= datapointsToAlarm && treatMissingData === 'missing' ? 'ALARM' : otherwise;
}
