import type { MetricDataQuery, MetricStat } from '@aws-sdk/client-cloudwatch';
import { invalidValue, missingParameter, notSimulated, validationError } from './cloudwatch-error';
import { functionsIn, idsIn, type Expression } from './metric-math/expression';
import { ExpressionError } from './metric-math/expression-error';
import { FUNCTION_NAMES } from './metric-math/functions';
import { parseExpression } from './metric-math/parse-expression';
import type { MetricStatistic } from './metric-store';
import { readDimensions } from './read-dimensions';
import { parseStatistic } from './statistic';

/** One of the queries of a request or an alarm: a metric, or an expression over others. */
export type MetricQuery = {
  id: string;
  label: string | undefined;
  returnData: boolean;
  periodSeconds: number;
} & ({ kind: 'metric'; what: MetricStatistic } | { kind: 'expression'; expression: Expression });

/** API reference, GetMetricData, and PutMetricAlarm, Period. */
const SHORT_PERIODS = [1, 5, 10, 20, 30];

export function isPeriod(seconds: number): boolean {
  return SHORT_PERIODS.includes(seconds) || (seconds > 0 && seconds % 60 === 0);
}

/**
 * Reads the queries of one request. Every expression takes the period of the metrics below it.
 * @param path of the list, for messages
 * @throws ServiceError
 */
export function readMetricQueries(inputs: readonly MetricDataQuery[], path: string): MetricQuery[] {
  const queries = inputs.map((input, index) => readQuery(input, `${path}.member.${index + 1}`));
  const byId = new Map(queries.map((query) => [query.id, query]));
  if (byId.size < queries.length) {
    throw validationError(`The values for parameter id in ${path} are not unique.`);
  }
  for (const query of queries) {
    if (query.kind === 'expression') query.periodSeconds = periodOf(query, byId);
  }
  return queries;
}

function readQuery(input: MetricDataQuery, path: string): MetricQuery {
  const { Id: id, MetricStat: stat, Expression: text, Label: label, ReturnData: returnData = true } = input;
  if (!id) throw missingParameter(`${path}.Id`);
  if (!/^[a-z][a-zA-Z0-9_]{0,254}$/.test(id)) {
    throw validationError(`The value ${id} for parameter ${path}.Id is invalid.`);
  }
  if (input.AccountId !== undefined) throw notSimulated('metrics of other accounts');
  if ((stat === undefined) === (text === undefined)) {
    throw validationError(`Either ${path}.Expression or ${path}.MetricStat must be given, but not both.`);
  }
  const common = { id, label, returnData };
  if (stat) return { ...common, kind: 'metric', ...readStat(stat, `${path}.MetricStat`) };
  return {
    ...common,
    kind: 'expression',
    expression: parse(id, text ?? ''),
    periodSeconds: input.Period ?? 0,
  };
}

function readStat(
  { Metric, Period, Stat, Unit }: MetricStat,
  path: string,
): { what: MetricStatistic; periodSeconds: number } {
  if (!Metric?.MetricName) throw missingParameter(`${path}.Metric.MetricName`);
  if (!Metric.Namespace) throw missingParameter(`${path}.Metric.Namespace`);
  if (Period === undefined) throw missingParameter(`${path}.Period`);
  if (!isPeriod(Period)) throw invalidValue(`The value ${Period} for parameter ${path}.Period is invalid.`);
  if (!Stat) throw missingParameter(`${path}.Stat`);
  const statistic = parseStatistic(Stat);
  if (!statistic) throw invalidValue(`The value ${Stat} for parameter ${path}.Stat is not supported.`);
  return {
    what: {
      metric: {
        namespace: Metric.Namespace,
        name: Metric.MetricName,
        dimensions: readDimensions(Metric.Dimensions, `${path}.Metric.Dimensions`),
      },
      statistic,
      unit: Unit,
    },
    periodSeconds: Period,
  };
}

function parse(id: string, text: string): Expression {
  try {
    // Metrics Insights: another language in the same field.
    if (/^\s*SELECT\b/i.test(text)) throw new ExpressionError('Metrics Insights is not simulated');
    const expression = parseExpression(text);
    for (const name of functionsIn(expression)) {
      if (name === 'SEARCH') throw new ExpressionError('SEARCH is not simulated');
      if (!FUNCTION_NAMES.includes(name)) {
        throw new ExpressionError(`${name} is not a function that the local cloud knows`);
      }
    }
    return expression;
  } catch (error) {
    throw inExpression(id, error);
  }
}

/** What is wrong in an expression, as the service tells it. */
export function inExpression(id: string, error: unknown): unknown {
  return error instanceof ExpressionError
    ? validationError(`Error in expression '${id}': ${error.message}`)
    : error;
}

/** Of the metrics below an expression, which must agree: what else would come out is not documented. */
function periodOf(query: MetricQuery, byId: ReadonlyMap<string, MetricQuery>): number {
  const periods = new Set<number>();
  const visit = (one: MetricQuery, above: readonly string[]): void => {
    if (one.kind === 'metric') {
      periods.add(one.periodSeconds);
      return;
    }
    if (above.includes(one.id)) {
      throw validationError(`Error in expression '${query.id}': ${one.id} refers to itself`);
    }
    for (const id of idsIn(one.expression)) {
      const next = byId.get(id);
      if (!next) throw validationError(`Error in expression '${one.id}': ${id} is not the id of a query`);
      visit(next, [...above, one.id]);
    }
    if (functionsIn(one.expression).includes('METRICS')) {
      for (const other of byId.values()) if (other.kind === 'metric') periods.add(other.periodSeconds);
    }
  };
  visit(query, []);
  if (periods.size > 1) {
    throw validationError(`Error in expression '${query.id}': its metrics have different periods`);
  }
  const [period = query.periodSeconds] = periods;
  if (!isPeriod(period)) {
    throw validationError(`Error in expression '${query.id}': it has no metric and no valid Period`);
  }
  return period;
}
