import {
  GetMetricStatistics$,
  type Datapoint,
  type GetMetricStatisticsCommandInput,
  type GetMetricStatisticsCommandOutput,
} from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import type { Aggregate } from '../aggregate';
import type { CloudWatch } from '../cloudwatch';
import { invalidCombination, invalidValue, missingParameter } from '../cloudwatch-error';
import { isPeriod } from '../metric-query';
import { readDimensions } from '../read-dimensions';
import { requestGrid } from '../request-grid';
import { parseStatistic, PLAIN_STATISTICS, statisticOf, type Statistic } from '../statistic';

/** API reference, GetMetricStatistics. */
const MAX_DATAPOINTS = 1_440;

export function getMetricStatistics(cloudWatch: CloudWatch): Operation {
  return operation(
    GetMetricStatistics$,
    (input: GetMetricStatisticsCommandInput): Omit<GetMetricStatisticsCommandOutput, '$metadata'> => {
      const { Namespace, MetricName, StartTime, EndTime, Period, Unit } = input;
      if (!Namespace) throw missingParameter('Namespace');
      if (!MetricName) throw missingParameter('MetricName');
      if (!StartTime) throw missingParameter('StartTime');
      if (!EndTime) throw missingParameter('EndTime');
      if (Period === undefined) throw missingParameter('Period');
      if (!isPeriod(Period)) throw invalidValue(`The value ${Period} for parameter Period is invalid.`);
      if (StartTime >= EndTime) {
        throw invalidValue('The parameter StartTime must be less than the parameter EndTime.');
      }
      const statistics = readStatistics(input);
      const grid = requestGrid({
        startMs: StartTime.getTime(),
        endMs: EndTime.getTime(),
        periodMs: Period * 1_000,
        nowMs: cloudWatch.clock.nowMs(),
      });
      if (grid.count > MAX_DATAPOINTS) {
        throw invalidCombination(
          `You have requested up to ${grid.count} datapoints, which exceeds the limit of ${MAX_DATAPOINTS}. ` +
            'You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
        );
      }
      const metric = {
        namespace: Namespace,
        name: MetricName,
        dimensions: readDimensions(input.Dimensions, 'Dimensions'),
      };
      const withSpread = statistics.some(({ plain }) => !plain);
      // Each unit has data points of its own.
      const units = Unit === undefined ? cloudWatch.metrics.unitsOf(metric) : [Unit];
      const datapoints = units.flatMap((unit) =>
        cloudWatch.metrics
          .aggregates(metric, grid, { unit, withSpread })
          .flatMap((aggregate, index) =>
            aggregate && aggregate.count > 0
              ? [datapoint(aggregate, statistics, { atMs: grid.startMs + index * grid.periodMs, unit })]
              : [],
          ),
      );
      return { Label: MetricName, Datapoints: datapoints };
    },
  );
}

function readStatistics({ Statistics, ExtendedStatistics }: GetMetricStatisticsCommandInput): Statistic[] {
  if (Statistics?.length && ExtendedStatistics?.length) {
    throw invalidCombination('The parameters Statistics and ExtendedStatistics are mutually exclusive.');
  }
  const texts = Statistics?.length ? Statistics : (ExtendedStatistics ?? []);
  if (texts.length === 0) throw missingParameter('Statistics or ExtendedStatistics');
  return texts.map((text) => {
    const statistic = parseStatistic(text);
    const isPlain = PLAIN_STATISTICS.some((plain) => plain === text);
    if (!statistic || isPlain !== (texts === Statistics)) {
      throw invalidValue(`The value ${text} is not a statistic that can be given here.`);
    }
    return statistic;
  });
}

function datapoint(
  aggregate: Aggregate,
  statistics: readonly Statistic[],
  { atMs, unit }: { atMs: number; unit: string },
): Datapoint {
  const point: Datapoint = { Timestamp: new Date(atMs), Unit: unit as Datapoint['Unit'] };
  for (const statistic of statistics) {
    const value = statisticOf(aggregate, statistic);
    if (value === undefined) continue;
    if (statistic.plain) point[statistic.plain] = value;
    else (point.ExtendedStatistics ??= {})[statistic.text] = value;
  }
  return point;
}
