import type { BinaryOperator } from './expression';
import { ExpressionError } from './expression-error';
import { finite, scalar, series, type MathValue, type Points } from './math-value';

const OPERATIONS: Record<BinaryOperator, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '^': (left, right) => left ** right,
  '==': (left, right) => Number(left === right),
  '!=': (left, right) => Number(left !== right),
  '<': (left, right) => Number(left < right),
  '>': (left, right) => Number(left > right),
  '<=': (left, right) => Number(left <= right),
  '>=': (left, right) => Number(left >= right),
  AND: (left, right) => Number(left !== 0 && right !== 0),
  OR: (left, right) => Number(left !== 0 || right !== 0),
};

/**
 * Of two series of which only one has a value at a time, the missing one counts as 0, for arithmetic and for comparisons;
 * where neither has one there is none (user guide, "Metric math syntax and functions": "Missing values in a time series
 * are treated as 0", and the table of comparisons). A scalar brings no times of its own.
 */
export function binary(operator: BinaryOperator, left: MathValue, right: MathValue): MathValue {
  const apply = (a: number, b: number) => finite(OPERATIONS[operator](a, b));
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return scalar(both(left.value, right.value, apply));
  }
  if (left.kind === 'array' && right.kind === 'array') {
    throw new ExpressionError(`'${operator}' does not take two arrays`);
  }
  if (left.kind === 'array') {
    return { kind: 'array', items: left.items.map((points) => combine(points, right, apply)) };
  }
  if (right.kind === 'array') {
    return {
      kind: 'array',
      items: right.items.map((points) => combine(points, left, (b, a) => apply(a, b))),
    };
  }
  if (left.kind === 'series') return series(combine(left.points, right, apply));
  if (right.kind === 'series') return series(combine(right.points, left, (b, a) => apply(a, b)));
  return scalar(undefined);
}

type Apply = (one: number, other: number) => number | undefined;

function combine(points: Points, other: MathValue, apply: Apply): Points {
  if (other.kind === 'scalar') return points.map((value) => both(value, other.value, apply));
  if (other.kind === 'array') throw new ExpressionError('two arrays can not be combined');
  return points.map((value, index) => {
    const partner = other.points[index];
    return value === undefined && partner === undefined ? undefined : apply(value ?? 0, partner ?? 0);
  });
}

function both(one: number | undefined, other: number | undefined, apply: Apply): number | undefined {
  return one === undefined || other === undefined ? undefined : apply(one, other);
}

export function mapEach(value: MathValue, change: (points: Points) => Points): MathValue {
  switch (value.kind) {
    case 'scalar':
      throw new ExpressionError('a scalar is not a time series');
    case 'series':
      return series(change(value.points));
    case 'array':
      return { kind: 'array', items: value.items.map(change) };
  }
}
