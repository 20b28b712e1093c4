import { StandardUnit, type MetricDatum } from '@aws-sdk/client-cloudwatch';
import { invalidCombination, invalidValue, missingParameter } from './cloudwatch-error';
import type { StatisticSet } from './aggregate';
import { NO_UNIT, type MetricPoint } from './metric-store';
import { isText, readDimensions } from './read-dimensions';

const HOUR_MS = 3_600_000;
/** How far a timestamp may be away (API reference, PutMetricData). */
const MAX_PAST_MS = 14 * 24 * HOUR_MS;
const MAX_FUTURE_MS = 2 * HOUR_MS;
/** Of `Values` (API reference, MetricDatum), and of numbers altogether. */
const MAX_VALUES = 150;
const MAX_NUMBER = 2 ** 360;

const UNITS: readonly string[] = Object.values(StandardUnit);

/** @param path e.g. `MetricData.member.1` @throws ServiceError as PutMetricData does */
export function readMetricDatum(
  datum: MetricDatum,
  path: string,
  at: { namespace: string; nowMs: number },
): MetricPoint {
  const { MetricName: name, Unit: unit = NO_UNIT, StorageResolution: resolution = 60 } = datum;
  if (!name) throw missingParameter(`${path}.MetricName`);
  if (name.length > 255 || !isText(name)) {
    throw invalidValue(`The value ${name} for parameter ${path}.MetricName is invalid.`);
  }
  if (!UNITS.includes(unit)) throw invalidValue(`The value ${unit} for parameter ${path}.Unit is invalid.`);
  if (resolution !== 1 && resolution !== 60) {
    throw invalidValue(
      `The value ${resolution} for parameter ${path}.StorageResolution is invalid: 1 or 60.`,
    );
  }
  return {
    metric: {
      namespace: at.namespace,
      name,
      dimensions: readDimensions(datum.Dimensions, `${path}.Dimensions`),
    },
    unit,
    atMs: readTimestamp(datum.Timestamp, path, at.nowMs),
    resolutionSeconds: resolution,
    ...readData(datum, path),
  };
}

function readTimestamp(timestamp: Date | undefined, path: string, nowMs: number): number {
  const atMs = timestamp?.getTime() ?? nowMs;
  if (atMs < nowMs - MAX_PAST_MS) {
    throw invalidValue(`The parameter ${path}.Timestamp must specify a time within the past two weeks.`);
  }
  if (atMs > nowMs + MAX_FUTURE_MS) {
    throw invalidValue(
      `The parameter ${path}.Timestamp must specify a time no more than two hours in the future.`,
    );
  }
  return atMs;
}

function readData(datum: MetricDatum, path: string): Pick<MetricPoint, 'values' | 'statistics'> {
  const { Value, Values, Counts, StatisticValues } = datum;
  const given = [
    ...(Value === undefined ? [] : ['Value']),
    ...(Values === undefined ? [] : ['Values']),
    ...(StatisticValues === undefined ? [] : ['StatisticValues']),
  ];
  const [first, second] = given;
  if (first === undefined) {
    throw missingParameter(`${path}.Value, ${path}.Values or ${path}.StatisticValues`);
  }
  if (second !== undefined) {
    throw invalidCombination(
      `The parameters ${path}.${first} and ${path}.${second} are mutually exclusive and you have specified both.`,
    );
  }
  if (Counts !== undefined && Values === undefined) {
    throw invalidCombination(`The parameter ${path}.Counts needs ${path}.Values.`);
  }
  if (Value !== undefined) return { values: [{ value: inRange(Value, `${path}.Value`), weight: 1 }] };
  if (StatisticValues) return { statistics: readStatistics(StatisticValues, `${path}.StatisticValues`) };
  return { values: readValues(Values ?? [], Counts, path) };
}

function readValues(values: readonly number[], counts: readonly number[] | undefined, path: string) {
  if (values.length === 0) throw missingParameter(`${path}.Values`);
  if (values.length > MAX_VALUES) {
    throw invalidValue(`The collection ${path}.Values must not have a size greater than ${MAX_VALUES}.`);
  }
  if (counts && counts.length !== values.length) {
    throw invalidValue(`The parameters ${path}.Values and ${path}.Counts must be of the same size.`);
  }
  return values.map((value, index) => {
    const weight = inRange(counts?.[index] ?? 1, `${path}.Counts.member.${index + 1}`);
    if (weight < 0) {
      throw invalidValue(`The value ${weight} for parameter ${path}.Counts.member.${index + 1} is invalid.`);
    }
    return { value: inRange(value, `${path}.Values.member.${index + 1}`), weight };
  });
}

function readStatistics(set: NonNullable<MetricDatum['StatisticValues']>, path: string): StatisticSet {
  for (const member of ['SampleCount', 'Sum', 'Minimum', 'Maximum'] as const) {
    if (set[member] === undefined) throw missingParameter(`${path}.${member}`);
    inRange(set[member], `${path}.${member}`);
  }
  const { SampleCount: sampleCount = 0, Sum: sum = 0, Minimum: minimum = 0, Maximum: maximum = 0 } = set;
  if (sampleCount < 0)
    throw invalidValue(`The value ${sampleCount} for parameter ${path}.SampleCount is invalid.`);
  if (minimum > maximum) {
    throw invalidValue(`The parameter ${path}.Maximum must be greater than or equal to ${path}.Minimum.`);
  }
  return { sampleCount, sum, minimum, maximum };
}

function inRange(value: number, path: string): number {
  if (!Number.isFinite(value) || Math.abs(value) > MAX_NUMBER) {
    throw invalidValue(`The value ${value} for parameter ${path} is invalid.`);
  }
  return value;
}
