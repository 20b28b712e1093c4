import { inExpression, type MetricQuery } from './metric-query';
import { evaluateExpression, linesOf } from './metric-math/evaluate-expression';
import { ExpressionError } from './metric-math/expression-error';
import { series, type MathValue, type Points } from './metric-math/math-value';
import type { MetricStore } from './metric-store';
import type { TimeGrid } from './time-grid';

/** The queries of one request over one grid; each is worked out once, when it is asked for. */
export class QueryEvaluation {
  private readonly values = new Map<string, MathValue>();

  constructor(
    private readonly store: Pick<MetricStore, 'read'>,
    private readonly queries: readonly MetricQuery[],
    private readonly grid: TimeGrid,
  ) {}

  /** The lines of a query: one, or several of an expression that ends in an array. @throws ServiceError */
  lines(query: MetricQuery): readonly Points[] {
    try {
      return linesOf(this.valueOf(query.id));
    } catch (error) {
      throw inExpression(query.id, error);
    }
  }

  private valueOf(id: string): MathValue {
    const known = this.values.get(id);
    if (known) return known;
    const query = this.queries.find((candidate) => candidate.id === id);
    if (!query) throw new ExpressionError(`${id} is not the id of a query`);
    const value =
      query.kind === 'metric'
        ? series(this.store.read(query.what, this.grid))
        : evaluateExpression(query.expression, {
            periodMs: this.grid.periodMs,
            valueOf: (other) => this.valueOf(other),
            metrics: (containing) => this.metrics(containing),
          });
    this.values.set(id, value);
    return value;
  }

  private metrics(containing: string): Points[] {
    return this.queries
      .filter(({ kind, id }) => kind === 'metric' && id.includes(containing))
      .map(({ id }) => this.valueOf(id))
      .flatMap((value) => (value.kind === 'series' ? [value.points] : []));
  }
}
