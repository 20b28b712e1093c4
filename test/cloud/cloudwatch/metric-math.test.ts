import fc from 'fast-check';
import { ExpressionError } from '../../../local/cloud/cloudwatch/metric-math/expression-error';
import { evaluateExpression, linesOf } from '../../../local/cloud/cloudwatch/metric-math/evaluate-expression';
import { scalar, series, type Points } from '../../../local/cloud/cloudwatch/metric-math/math-value';
import { parseExpression } from '../../../local/cloud/cloudwatch/metric-math/parse-expression';

/** Missing points are written as undefined. */
const _ = undefined;

type Terms = Record<string, Points>;

function value(text: string, terms: Terms) {
  return evaluateExpression(parseExpression(text), {
    periodMs: 10_000,
    valueOf: (id) => {
      const points = terms[id];
      if (!points) throw new ExpressionError(`${id} is not the id of a query`);
      return series(points);
    },
    metrics: (containing) =>
      Object.entries(terms).flatMap(([id, points]) => (id.includes(containing) ? [points] : [])),
  });
}

function lines(text: string, terms: Terms): readonly Points[] {
  return linesOf(value(text, terms));
}

// The examples of the user guide, "Metric math syntax and functions" and "Using IF expressions".
const COMPARED = { metric1: [30, 20, 0, 0], metric2: [20, _, 20, _] };
const CHOSEN = { metric1: [1, 1, 0, 0, _], metric2: [30, _, 0, 0, 30], metric3: [0, 0, 20, _, 20] };

it.each<[string, Terms, Points]>([
  ['(metric1 < metric2)', COMPARED, [0, 0, 1, 0]],
  ['(metric1 >= 30)', COMPARED, [1, 0, 0, 0]],
  ['(metric1 > 15 AND metric2 > 15)', COMPARED, [1, 0, 0, 0]],
  ['IF(metric1, metric2, metric3)', CHOSEN, [30, 0, 20, _, _]],
  ['IF(metric1, 5, metric3)', CHOSEN, [5, 5, 20, _, _]],
  ['IF(metric1, metric2, 5)', CHOSEN, [30, 0, 5, 5, _]],
])('%s, as the guide shows it', (text, terms, expected) => {
  expect(lines(text, terms)).toEqual([expected]);
});

const A = { a: [1, 2, _, -4], b: [2, 0, 3, _] };

it.each<[string, Points]>([
  ['a + b', [3, 2, 3, -4]],
  ['a - b', [-1, 2, -3, -4]],
  ['a * b', [2, 0, 0, -0]],
  ['a / b', [0.5, _, 0, _]],
  ['a / 0', [_, _, _, _]],
  ['b ^ 2', [4, 0, 9, _]],
  ['-a', [-1, -2, _, 4]],
  ['10 - a - 1', [8, 7, _, 13]],
  ['2 + a * 3', [5, 8, _, -10]],
  ['(2 + a) * 3', [9, 12, _, -6]],
  ['2 ^ 3 ^ 2 + 0 * a', [512, 512, _, 512]],
  ['-2 ^ 2 + 0 * b', [-4, -4, -4, _]],
  ['a == 1 || a == 2', [1, 1, _, 0]],
  ['a != 1 && a < 2', [0, 0, _, 1]],
  ['a > 1 OR a <= -4 AND a == 7', [0, 1, _, 0]],
  ['ABS(a)', [1, 2, _, 4]],
  ['CEIL(a / 3)', [1, 1, _, -1]],
  ['FLOOR(a / 3)', [0, 0, _, -2]],
  ['DIFF(a)', [_, 1, _, -6]],
  ['RATE(a)', [_, 0.1, _, -0.3]],
  ['FILL(a, 7)', [1, 2, 7, -4]],
  ['FILL(a, b)', [1, 2, 3, -4]],
  ['FILL(a, MAX(a))', [1, 2, 2, -4]],
  ['FILL(a, REPEAT)', [1, 2, 2, -4]],
  ['FILL(b, REPEAT)', [2, 0, 3, 3]],
  ['FILL(a, LINEAR)', [1, 2, -1, -4]],
  ['FILL(b, LINEAR)', [2, 0, 3, _]],
  ['MAX([a, b])', [2, 2, 3, -4]],
  ['MIN([a, b])', [1, 0, 3, -4]],
  ['SUM([a, b])', [3, 2, 3, -4]],
  ['AVG([a, b])', [1.5, 1, 1.5, -2]],
  ['SUM(METRICS())', [3, 2, 3, -4]],
  ['SUM([METRICS(\'a\'), METRICS("b")])', [3, 2, 3, -4]],
  ['a - AVG(b)', [1 - 5 / 3, 2 - 5 / 3, _, -4 - 5 / 3]],
  ['a + SUM(a)', [0, 1, _, -5]],
  ['IF(a > 1, 1)', [_, 1, _, _]],
  ['IF(MAX(a) > 1, b, a)', [2, 0, 3, _]],
  ['IF(0, b)', [_, _, _, _]],
  ['MAX([a, b]) * .5e1', [10, 10, 15, -20]],
])('%s', (text, expected) => {
  const [points] = lines(text, A);
  expect(points).toHaveLength(expected.length);
  for (const [index, point] of expected.entries()) {
    if (point === undefined) expect(points?.[index]).toBeUndefined();
    else expect(points?.[index]).toBeCloseTo(point, 10);
  }
});

it('keeps an array of series an array', () => {
  expect(lines('[a, b] * 2', A)).toEqual([
    [2, 4, _, -8],
    [4, 0, 6, _],
  ]);
  expect(lines('METRICS() / b', A)).toHaveLength(2);
  expect(lines('100 - METRICS("a")', A)).toEqual([[99, 98, _, 104]]);
});

it('makes no number of a series without any', () => {
  expect(value('MAX(a)', { a: [_, _] })).toEqual(scalar(undefined));
  expect(lines('b - MAX(a)', { a: [_, _], b: [1, 2] })).toEqual([[_, _]]);
});

it.each([
  ['', 'the expression ends too early'],
  ['a +', 'the expression ends too early'],
  ['a b', "unexpected 'b' at position 3"],
  ['a # b', "unexpected '#' at position 3"],
  ['(a', "')' is missing at the end"],
  ['MAX([a, b)', "unexpected ')' at position 10"],
  ['c + 1', 'c is not the id of a query'],
  ['FOO(a)', 'FOO is not a function that the local cloud knows'],
  ['constructor(a)', 'constructor is not a function that the local cloud knows'],
  ['max([a, b])', 'max is not a function that the local cloud knows'],
  ['A + 1', 'A has no place here'],
  ['"a" + 1', '"a" has no place here'],
  ['1 + 1', 'not a scalar'],
  ['SUM(a)', 'not a scalar'],
  ['SUM(1)', 'SUM takes time series, not a scalar'],
  ['SUM(a, b)', 'SUM takes 1 argument'],
  ['DIFF(1)', 'a scalar is not a time series'],
  ['[a, b] + [a, b]', 'does not take two arrays'],
  ['[a, 1]', 'an array takes time series, not a scalar'],
  ['IF(a)', 'IF takes a condition'],
  ['IF([a, b], 1, 2)', 'IF does not take arrays'],
  ['FILL(a)', 'FILL takes 2 arguments'],
  ['FILL(a, NEVER)', 'FILL does not know NEVER'],
  ['METRICS(a)', 'METRICS takes nothing or a text in quotes'],
  [`${'('.repeat(100)}a${')'.repeat(100)}`, 'nested too deeply'],
  [`a${' + a'.repeat(1_000)}`, 'longer than 2048 characters'],
])('refuses %s', (text, message) => {
  expect(() => lines(text, A)).toThrow(ExpressionError);
  expect(() => lines(text, A)).toThrow(message);
});

describe('against a naive evaluator, one point at a time', () => {
  type Tree =
    | { kind: 'leaf'; id: 'a' | 'b' | 'c' }
    | { kind: 'constant'; value: number }
    | { kind: 'pair'; operator: string; left: Tree; right: Tree }
    | { kind: 'if'; condition: Tree; yes: Tree; no: Tree }
    | { kind: 'max'; left: Tree; right: Tree };

  const leaf = fc.record({
    kind: fc.constant('leaf' as const),
    id: fc.constantFrom('a' as const, 'b' as const, 'c' as const),
  });
  const constant = fc.record({
    kind: fc.constant('constant' as const),
    value: fc.integer({ min: 0, max: 9 }),
  });
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.record({
        kind: fc.constant('pair' as const),
        operator: fc.constantFrom('+', '-', '*', '/', '<', '>', '<=', '>=', '==', '!=', 'AND', 'OR'),
        left: tie('tree'),
        right: fc.oneof(tie('tree'), constant),
      }),
      fc.record({
        kind: fc.constant('if' as const),
        condition: tie('tree'),
        yes: tie('tree'),
        no: fc.oneof(tie('tree'), constant),
      }),
      fc.record({ kind: fc.constant('max' as const), left: tie('tree'), right: tie('tree') }),
    ),
  }));

  function write(node: Tree): string {
    switch (node.kind) {
      case 'leaf':
        return node.id;
      case 'constant':
        return String(node.value);
      case 'pair':
        return `(${write(node.left)} ${node.operator} ${write(node.right)})`;
      case 'if':
        return `IF(${write(node.condition)}, ${write(node.yes)}, ${write(node.no)})`;
      case 'max':
        return `MAX([${write(node.left)}, ${write(node.right)}])`;
    }
  }

  function at(node: Tree, point: Record<'a' | 'b' | 'c', number | undefined>): number | undefined {
    switch (node.kind) {
      case 'leaf':
        return point[node.id];
      case 'constant':
        return node.value;
      case 'pair': {
        const left = at(node.left, point);
        const right = at(node.right, point);
        if (left === undefined && (right === undefined || node.right.kind === 'constant')) return undefined;
        const [x, y] = [left ?? 0, right ?? 0];
        const results: Record<string, number> = {
          '+': x + y,
          '-': x - y,
          '*': x * y,
          '/': x / y,
          '<': x < y ? 1 : 0,
          '>': x > y ? 1 : 0,
          '<=': x <= y ? 1 : 0,
          '>=': x >= y ? 1 : 0,
          '==': x === y ? 1 : 0,
          '!=': x !== y ? 1 : 0,
          AND: x && y ? 1 : 0,
          OR: x || y ? 1 : 0,
        };
        const result = results[node.operator] ?? NaN;
        return Number.isFinite(result) ? result : undefined;
      }
      case 'if': {
        const condition = at(node.condition, point);
        if (condition === undefined) return undefined;
        return condition === 0 ? at(node.no, point) : (at(node.yes, point) ?? 0);
      }
      case 'max': {
        const values = [at(node.left, point), at(node.right, point)].filter((one) => one !== undefined);
        return values.length === 0 ? undefined : Math.max(...values);
      }
    }
  }

  it('gives the same', () => {
    const number = fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined });
    const points = fc.array(fc.record({ a: number, b: number, c: number }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(tree, points, (node, grid) => {
        const text = write(node);
        fc.pre(text.length <= 2_048);
        const terms = {
          a: grid.map(({ a }) => a),
          b: grid.map(({ b }) => b),
          c: grid.map(({ c }) => c),
        };
        expect(lines(text, terms)).toEqual([grid.map((point) => at(node, point))]);
      }),
      { numRuns: 500 },
    );
  });

  it('never fails otherwise than with its own error', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '1',
      '(',
      ')',
      '[',
      ']',
      ',',
      '+',
      '-',
      '*',
      '/',
      '^',
      '<',
      'AND',
      'IF',
      'MAX',
      'FILL',
      'REPEAT',
      'METRICS',
      'DIFF',
      '"x"',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          lines(pieces.join(''), A);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
