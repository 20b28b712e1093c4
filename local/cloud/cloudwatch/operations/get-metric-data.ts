import {
  GetMetricData$,
  type GetMetricDataCommandInput,
  type GetMetricDataCommandOutput,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { operation, type Operation } from '../../wire/operation';
import type { CloudWatch } from '../cloudwatch';
import { invalidNextToken, invalidValue, missingParameter, validationError } from '../cloudwatch-error';
import { readMetricQueries, type MetricQuery } from '../metric-query';
import { positionOf, tokenOf } from '../page';
import { QueryEvaluation } from '../query-evaluation';
import { requestGrid, withinRetention } from '../request-grid';

/** API reference, GetMetricData. */
const MAX_QUERIES = 500;
const MAX_DATAPOINTS = 100_800;

interface Line {
  query: MetricQuery;
  label: string;
  datapoints: { atMs: number; value: number }[];
}

export function getMetricData(cloudWatch: CloudWatch): Operation {
  return operation(
    GetMetricData$,
    (input: GetMetricDataCommandInput): Omit<GetMetricDataCommandOutput, '$metadata'> => {
      const { MetricDataQueries, StartTime, EndTime, ScanBy = 'TimestampDescending' } = input;
      const { MaxDatapoints = MAX_DATAPOINTS, NextToken } = input;
      if (!MetricDataQueries || MetricDataQueries.length === 0) throw missingParameter('MetricDataQueries');
      if (MetricDataQueries.length > MAX_QUERIES) {
        throw invalidValue(
          `The collection MetricDataQueries must not have a size greater than ${MAX_QUERIES}.`,
        );
      }
      if (!StartTime) throw missingParameter('StartTime');
      if (!EndTime) throw missingParameter('EndTime');
      if (StartTime >= EndTime) {
        throw validationError('The parameter StartTime must be less than the parameter EndTime.');
      }
      if (ScanBy !== 'TimestampAscending' && ScanBy !== 'TimestampDescending') {
        throw invalidValue(`The value ${ScanBy as string} for parameter ScanBy is invalid.`);
      }
      if (!Number.isSafeInteger(MaxDatapoints) || MaxDatapoints < 1 || MaxDatapoints > MAX_DATAPOINTS) {
        throw invalidValue(`The value ${MaxDatapoints} for parameter MaxDatapoints is invalid.`);
      }
      const queries = readMetricQueries(MetricDataQueries, 'MetricDataQueries');
      const from = NextToken === undefined ? 0 : positionOf(NextToken, invalidNextToken);
      const lines = linesOf(cloudWatch, queries, { startMs: StartTime.getTime(), endMs: EndTime.getTime() });
      if (ScanBy === 'TimestampDescending') for (const { datapoints } of lines) datapoints.reverse();
      return page(lines, from, from + MaxDatapoints);
    },
  );
}

function linesOf(
  cloudWatch: CloudWatch,
  queries: readonly MetricQuery[],
  { startMs, endMs }: { startMs: number; endMs: number },
): Line[] {
  const nowMs = cloudWatch.clock.nowMs();
  const evaluations = new Map<number, { evaluation: QueryEvaluation; gridStartMs: number }>();
  return queries.flatMap((query) => {
    if (!query.returnData) return [];
    const periodMs = query.periodSeconds * 1_000;
    let known = evaluations.get(periodMs);
    if (!known) {
      const grid = withinRetention(requestGrid({ startMs, endMs, periodMs, nowMs }), nowMs);
      known = {
        evaluation: new QueryEvaluation(cloudWatch.metrics, queries, grid),
        gridStartMs: grid.startMs,
      };
      evaluations.set(periodMs, known);
    }
    const { evaluation, gridStartMs } = known;
    return evaluation.lines(query).map((points) => ({
      query,
      // CloudWatch makes up a label if none is given: the metric's name, or the expression's id.
      label: query.label ?? (query.kind === 'metric' ? query.what.metric.name : query.id),
      datapoints: points.flatMap((value, index) =>
        value === undefined ? [] : [{ atMs: gridStartMs + index * periodMs, value }],
      ),
    }));
  });
}

/** Every query has a result in every page, with the data points that are in it. */
function page(
  lines: readonly Line[],
  from: number,
  to: number,
): Omit<GetMetricDataCommandOutput, '$metadata'> {
  let seen = 0;
  const results = lines.map(({ query, label, datapoints }): MetricDataResult => {
    const shown = datapoints.slice(Math.max(0, from - seen), Math.max(0, to - seen));
    seen += datapoints.length;
    return {
      Id: query.id,
      Label: label,
      Timestamps: shown.map(({ atMs }) => new Date(atMs)),
      Values: shown.map(({ value }) => value),
      StatusCode: seen <= to ? 'Complete' : 'PartialData',
    };
  });
  return { MetricDataResults: results, Messages: [], NextToken: seen > to ? tokenOf(to) : undefined };
}
