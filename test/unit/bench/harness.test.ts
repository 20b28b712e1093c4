import {
  formatTable,
  holdsBound,
  median,
  percentile,
  runRounds,
  seededRandom,
  summarize,
  type Sample,
} from '../../bench/harness';

const round = (value: number, bound?: string): Sample[] => [
  { name: 'ratio', unit: 'ratio', value, ...(bound === undefined ? {} : { bound }) },
];

describe('a percentile', () => {
  test('lies between its neighbours, whatever the order', () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(percentile([10, 0], 0.9)).toBeCloseTo(9);
    expect([percentile([3, 1, 2], 0), percentile([3, 1, 2], 1)]).toEqual([1, 3]);
  });

  test('sorts numbers as numbers, and leaves its argument alone', () => {
    const values = [100, 9, 20];
    expect(median(values)).toBe(20);
    expect(values).toEqual([100, 9, 20]);
  });

  test('of one value is that value, of none an error', () => {
    expect(percentile([7], 0.99)).toBe(7);
    expect(() => percentile([], 0.5)).toThrow('no values');
  });
});

describe('a bound', () => {
  test.each([
    ['<= 1.5', 1.5, true],
    ['<= 1.5', 1.501, false],
    ['>= 0.97', 0.97, true],
    ['>= 0.97', 0.969, false],
    ['= 1', 1, true],
    ['= 1', 2, false],
    ['<= -0.5', -1, true],
  ])('%s, measured %d: %s', (bound, value, holds) => {
    expect(holdsBound(value, bound)).toBe(holds);
  });

  test.each(['< 1', '<=1', '1.5', '<= ', '<= 1.5 ms', ''])('%j is none', (bound) => {
    expect(() => holdsBound(1, bound)).toThrow('not a bound');
  });

  test('does not hold for what could not be measured', () => {
    expect(['<= 1', '>= 1', '= 1'].map((bound) => holdsBound(Number.NaN, bound))).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('a summary', () => {
  test('gives the median, its range, and whether the median keeps the bound', () => {
    const rounds = [1.4, 9, 1.2].map((value) => round(value, '<= 1.5'));
    expect(summarize('placement', rounds)).toEqual({
      name: 'placement',
      rounds: 3,
      figures: [{ name: 'ratio', unit: 'ratio', value: 1.4, min: 1.2, max: 9, bound: '<= 1.5', holds: true }],
    });
  });

  test('judges before it rounds', () => {
    const [figure] = summarize('placement', [round(1.50001, '<= 1.5')]).figures;
    expect(figure).toMatchObject({ value: 1.5, holds: false });
  });

  test('promises nothing about a figure without a bound', () => {
    expect(summarize('placement', [round(3)]).figures).toMatchObject([{ bound: null, holds: null }]);
  });

  test('fails when a round is without one of the figures', () => {
    expect(() => summarize('placement', [round(1), []])).toThrow('a round of placement gave no ratio');
  });

  test('as a table says what was missed', () => {
    const table = formatTable(summarize('placement', [[...round(2, '<= 1.5'), ...round(1)]]));
    expect(table).toMatch(/^placement: 1 rounds\nfigure/);
    expect(table).toMatch(/ratio +2 +2 +2 +ratio +<= 1\.5 +MISSED/);
  });
});

test('the first round warms up and does not count', async () => {
  const lines: string[] = [];
  const kept = await runRounds({ rounds: 2, log: (line) => lines.push(line) }, (index) =>
    Promise.resolve(round(index)),
  );
  expect(kept).toEqual([round(1), round(2)]);
  expect(lines).toEqual(['warming up', 'round 1 of 2', 'round 2 of 2']);
});

test('the same seed gives the same load, another seed another', () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 100 }, () => random());
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(1).every((value) => value >= 0 && value < 1)).toBe(true);
});
