import type { Expression } from './expression';
import { ExpressionError } from './expression-error';
import { finite, scalar, series, type MathValue, type Points } from './math-value';
import { mapEach } from './operators';

export interface FunctionCall {
  name: string;
  args: readonly Expression[];
  evaluate: (expression: Expression) => MathValue;
  periodMs: number;
}

type MathFunction = (call: FunctionCall) => MathValue;

/** All of the user guide, "Functions supported for metric math", as far as they are played. METRICS is with the ids. */
const FUNCTIONS: Readonly<Record<string, MathFunction>> = {
  ABS: each(Math.abs),
  CEIL: each(Math.ceil),
  FLOOR: each(Math.floor),
  AVG: fold(average, (present, count) => total(present) / count),
  MAX: fold((present) => Math.max(...present)),
  MIN: fold((present) => Math.min(...present)),
  SUM: fold(total),
  DIFF: (call) => mapEach(argument(call, 1), (points) => differences(points, () => 1)),
  RATE: (call) =>
    mapEach(argument(call, 1), (points) =>
      differences(points, (periods) => (periods * call.periodMs) / 1_000),
    ),
  FILL: fill,
  IF: choose,
};

export const FUNCTION_NAMES: readonly string[] = [...Object.keys(FUNCTIONS), 'METRICS'];

export function callFunction(call: FunctionCall): MathValue {
  const found = Object.hasOwn(FUNCTIONS, call.name) ? FUNCTIONS[call.name] : undefined;
  if (!found) throw new ExpressionError(`${call.name} is not a function that the local cloud knows`);
  return found(call);
}

function argument({ name, args, evaluate }: FunctionCall, count: number, index = 0): MathValue {
  const expression = args[index];
  if (!expression || args.length !== count) {
    throw new ExpressionError(`${name} takes ${count} argument${count === 1 ? '' : 's'}`);
  }
  return evaluate(expression);
}

function each(change: (value: number) => number): MathFunction {
  return (call) =>
    mapEach(argument(call, 1), (points) =>
      points.map((value) => (value === undefined ? undefined : change(value))),
    );
}

/**
 * Of one series a scalar over its values; of an array a series, over the values at each time. The average of an array
 * takes missing values as 0, as the guide says; for MAX and MIN it says nothing of the kind, so what is missing is left out.
 */
function fold(
  overTime: (present: readonly number[]) => number,
  overSeries: (present: readonly number[], count: number) => number = overTime,
): MathFunction {
  return (call) => {
    const value = argument(call, 1);
    if (value.kind === 'scalar') throw new ExpressionError(`${call.name} takes time series, not a scalar`);
    if (value.kind === 'series') {
      const present = presentOf(value.points);
      return scalar(present.length === 0 ? undefined : finite(overTime(present)));
    }
    const { items } = value;
    return series(
      Array.from({ length: items[0]?.length ?? 0 }, (_, index) => {
        const present = presentOf(items.map((points) => points[index]));
        return present.length === 0 ? undefined : finite(overSeries(present, items.length));
      }),
    );
  };
}

function presentOf(points: Points): number[] {
  return points.filter((value) => value !== undefined);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function average(values: readonly number[]): number {
  return total(values) / values.length;
}

/** To the value before, however long ago it was: DIFF_TIME of the guide tells how long. The first has none before it. */
function differences(points: Points, divisor: (periods: number) => number): Points {
  let before: { value: number; index: number } | undefined;
  return points.map((value, index) => {
    if (value === undefined) return undefined;
    const difference = before && finite((value - before.value) / divisor(index - before.index));
    before = { value, index };
    return difference;
  });
}

function fill(call: FunctionCall): MathValue {
  const filler = call.args[1];
  const value = argument(call, 2);
  if (filler?.kind === 'word') {
    if (filler.word === 'REPEAT') return mapEach(value, repeated);
    if (filler.word === 'LINEAR') return mapEach(value, interpolated);
    throw new ExpressionError(`FILL does not know ${filler.word}`);
  }
  const replacement = argument(call, 2, 1);
  if (replacement.kind === 'array') throw new ExpressionError('FILL does not take an array as filler');
  return mapEach(value, (points) =>
    points.map(
      (present, index) =>
        present ?? (replacement.kind === 'scalar' ? replacement.value : replacement.points[index]),
    ),
  );
}

function repeated(points: Points): Points {
  let last: number | undefined;
  return points.map((value) => (last = value ?? last));
}

/** Only between two values: none is made up before the first or after the last. */
function interpolated(points: Points): Points {
  const filled = [...points];
  let before: { value: number; index: number } | undefined;
  for (const [index, value] of points.entries()) {
    if (value === undefined) continue;
    if (before) {
      const step = (value - before.value) / (index - before.index);
      for (let between = before.index + 1; between < index; between += 1) {
        filled[between] = before.value + step * (between - before.index);
      }
    }
    before = { value, index };
  }
  return filled;
}

/**
 * User guide, "Using IF expressions": without a condition there is no value; a value that is missing where the condition
 * is true is 0, one that is missing where it is false is none.
 */
function choose(call: FunctionCall): MathValue {
  const { args, evaluate } = call;
  const [conditionArgument, trueArgument, falseArgument] = args;
  if (!conditionArgument || !trueArgument || args.length > 3) {
    throw new ExpressionError('IF takes a condition, a value, and perhaps another value');
  }
  const condition = evaluate(conditionArgument);
  const whenTrue = evaluate(trueArgument);
  const whenFalse = falseArgument ? evaluate(falseArgument) : undefined;
  if (condition.kind === 'array' || whenTrue.kind === 'array' || whenFalse?.kind === 'array') {
    throw new ExpressionError('IF does not take arrays');
  }
  if (condition.kind === 'scalar') return chooseOne(condition.value, whenTrue, whenFalse);
  return series(
    condition.points.map((value, index) => {
      if (value === undefined) return undefined;
      return value !== 0 ? (at(whenTrue, index) ?? 0) : at(whenFalse, index);
    }),
  );
}

function chooseOne(
  condition: number | undefined,
  whenTrue: Exclude<MathValue, { kind: 'array' }>,
  whenFalse: MathValue | undefined,
): MathValue {
  if (condition !== undefined && condition !== 0) return whenTrue;
  if (condition !== undefined && whenFalse) return whenFalse;
  return whenTrue.kind === 'series' ? series(whenTrue.points.map(() => undefined)) : scalar(undefined);
}

function at(value: MathValue | undefined, index: number): number | undefined {
  if (value?.kind === 'scalar') return value.value;
  return value?.kind === 'series' ? value.points[index] : undefined;
}
