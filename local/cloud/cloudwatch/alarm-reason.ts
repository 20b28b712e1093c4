import type { AlarmState } from '../ports/alarm-action';
import type { AlarmRule, AlarmVerdict, Comparison } from './evaluate-alarm';
import { breaches } from './evaluate-alarm';
import type { Points } from './metric-math/math-value';
import type { TimeGrid } from './time-grid';

const WORDS: Record<Comparison, string> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

/** In CloudWatch's words, e.g. `Threshold Crossed: 1 out of the last 1 datapoints [5.0 (25/11/26 22:40:00)] was …`. */
export function stateReason(
  rule: AlarmRule,
  { state, evaluated, filled }: AlarmVerdict & { state: AlarmState },
  { points, grid }: { points: Points; grid: TimeGrid },
): string {
  const { evaluationPeriods, datapointsToAlarm, treatMissingData } = rule;
  if (state === 'INSUFFICIENT_DATA') {
    return `Insufficient Data: ${count(filled, 'datapoint')} ${filled === 1 ? 'was' : 'were'} unknown.`;
  }
  const treated =
    filled > 0 && (treatMissingData === 'breaching' || treatMissingData === 'notBreaching')
      ? ` and ${count(filled, 'missing datapoint')} ${filled === 1 ? 'was' : 'were'} treated as [${
          treatMissingData === 'breaching' ? 'Breaching' : 'NonBreaching'
        }]`
      : '';
  if (evaluated.length === 0) {
    return `Threshold Crossed: no datapoints were received for ${count(evaluationPeriods, 'period')}${treated}.`;
  }
  const inAlarm = state === 'ALARM';
  const told = evaluated.flatMap((index) => {
    const value = points[index];
    if (value === undefined || breaches(rule, value) !== inAlarm) return [];
    return [`${decimal(value)} (${shortTime(grid.startMs + index * grid.periodMs)})`];
  });
  // All real points are on the other side: those that were made up decided.
  if (told.length === 0) {
    return `Threshold Crossed: ${count(evaluated.length, 'datapoint')} ${
      evaluated.length === 1 ? 'was' : 'were'
    } received for ${count(evaluationPeriods, 'period')}${treated}.`;
  }
  const needed = inAlarm ? datapointsToAlarm : evaluationPeriods - datapointsToAlarm + 1;
  return (
    `Threshold Crossed: ${told.length} out of the last ${evaluationPeriods} datapoints [${told.join(', ')}] ` +
    `${told.length === 1 ? 'was' : 'were'} ${inAlarm ? '' : 'not '}${WORDS[rule.comparison]} ` +
    `the threshold (${decimal(rule.threshold)})${treated} ` +
    // These words stay the same when the alarm comes from INSUFFICIENT_DATA.
    `(minimum ${count(needed, 'datapoint')} for ${inAlarm ? 'OK -> ALARM' : 'ALARM -> OK'} transition).`
  );
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** As Java, in which CloudWatch is written, prints a double. */
export function decimal(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
  }
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

/** `25/11/26 22:40:00`. */
function shortTime(ms: number): string {
  const [, year = '', month = '', day = '', time = ''] =
    /^\d\d(\d\d)-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)/.exec(new Date(ms).toISOString()) ?? [];
  return `${day}/${month}/${year} ${time}`;
}

/** `2026-11-25T22:40:05.399+0000`, as CloudWatch writes times into events and histories. */
export function longTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+0000');
}
