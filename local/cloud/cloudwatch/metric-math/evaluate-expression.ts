import type { Expression } from './expression';
import { ExpressionError } from './expression-error';
import { callFunction } from './functions';
import { scalar, type MathValue, type Points } from './math-value';
import { binary, mapEach } from './operators';

/** The other queries of the request, over the same grid. */
export interface MathScope {
  periodMs: number;
  /** Of a metric or an expression. @throws ExpressionError when there is none of this id */
  valueOf: (id: string) => MathValue;
  /** The metrics of the request, without expressions, whose id contains a text. */
  metrics: (containing: string) => readonly Points[];
}

/** @throws ExpressionError */
export function evaluateExpression(expression: Expression, scope: MathScope): MathValue {
  const evaluate = (inner: Expression): MathValue => evaluateExpression(inner, scope);
  switch (expression.kind) {
    case 'number':
      return scalar(expression.value);
    case 'string':
      throw new ExpressionError(`"${expression.value}" has no place here`);
    case 'word':
      throw new ExpressionError(`${expression.word} has no place here; ids begin with a small letter`);
    case 'id':
      return scope.valueOf(expression.id);
    case 'array':
      return { kind: 'array', items: expression.items.flatMap((item) => itemsOf(evaluate(item))) };
    case 'negation': {
      const operand = evaluate(expression.operand);
      if (operand.kind === 'scalar') return scalar(operand.value === undefined ? undefined : -operand.value);
      return mapEach(operand, (points) => points.map((value) => (value === undefined ? undefined : -value)));
    }
    case 'binary':
      return binary(expression.operator, evaluate(expression.left), evaluate(expression.right));
    case 'call':
      if (expression.name === 'METRICS') return { kind: 'array', items: metrics(expression.args, scope) };
      return callFunction({
        name: expression.name,
        args: expression.args,
        evaluate,
        periodMs: scope.periodMs,
      });
  }
}

function metrics(args: readonly Expression[], scope: MathScope): readonly Points[] {
  const [containing] = args;
  if (!containing) return scope.metrics('');
  if (args.length > 1 || containing.kind !== 'string') {
    throw new ExpressionError('METRICS takes nothing or a text in quotes');
  }
  return scope.metrics(containing.value);
}

function itemsOf(value: MathValue): readonly Points[] {
  if (value.kind === 'scalar') throw new ExpressionError('an array takes time series, not a scalar');
  return value.kind === 'array' ? value.items : [value.points];
}

/** What an expression yields as lines of a graph. @throws ExpressionError for a scalar, which none may end in */
export function linesOf(value: MathValue): readonly Points[] {
  if (value.kind === 'scalar') {
    throw new ExpressionError('the result must be a time series or an array of them, not a scalar');
  }
  return value.kind === 'array' ? value.items : [value.points];
}
