/**
 * What benches share. To add one: a file in test/bench that exports `bench`, and its name in run.ts.
 */

/** One number of one round. */
export interface Sample {
  name: string;
  unit: string;
  value: number;
  /** What the project promises, e.g. `<= 1.5`. Left out for a number that stands beside another for comparison. */
  bound?: string;
}

export interface BenchmarkOptions {
  /** Rounds that count; each bench adds one to warm up and leaves it out. */
  rounds: number;
  /** Progress for a person, on stderr. */
  log: (line: string) => void;
}

export interface Benchmark {
  name: string;
  /** One line for `npm run bench -- list`. */
  description: string;
  /** @default 5 */
  defaultRounds?: number;
  /**
   * Runs all rounds and gives each one's samples. What is compared must alternate within a round, so that both
   * sides meet the same machine. Leaves no process and no file behind, also when it fails.
   */
  run(options: BenchmarkOptions): Promise<Sample[][]>;
}

export interface Figure {
  name: string;
  unit: string;
  /** Median over the rounds. */
  value: number;
  min: number;
  max: number;
  bound: string | null;
  /** Whether the median keeps the bound; null without one. */
  holds: boolean | null;
}

export interface BenchmarkResult {
  name: string;
  rounds: number;
  figures: Figure[];
}

/** Calls `round` once to warm up, then `options.rounds` times, and keeps those samples. */
export async function runRounds(
  options: BenchmarkOptions,
  round: (index: number) => Promise<Sample[]>,
): Promise<Sample[][]> {
  const kept: Sample[][] = [];
  for (let index = 0; index <= options.rounds; index += 1) {
    options.log(index === 0 ? 'warming up' : `round ${index} of ${options.rounds}`);
    const samples = await round(index);
    if (index > 0) kept.push(samples);
  }
  return kept;
}

export function summarize(name: string, rounds: Sample[][]): BenchmarkResult {
  const first = rounds[0] ?? [];
  const figures = first.map(({ name: figure, unit, bound }): Figure => {
    const values = rounds.map((samples) => {
      const sample = samples.find((candidate) => candidate.name === figure);
      if (!sample) throw new Error(`a round of ${name} gave no ${figure}`);
      return sample.value;
    });
    const value = median(values);
    return {
      name: figure,
      unit,
      value: round(value),
      min: round(Math.min(...values)),
      max: round(Math.max(...values)),
      bound: bound ?? null,
      holds: bound === undefined ? null : holdsBound(value, bound),
    };
  });
  return { name, rounds: rounds.length, figures };
}

/** `bound` is an operator and a number: `<= 1.5`, `>= 0.97`, `= 1`. @throws Error on another form */
export function holdsBound(value: number, bound: string): boolean {
  const match = /^(<=|>=|=) (-?\d+(?:\.\d+)?)$/.exec(bound);
  if (!match) throw new Error(`not a bound: ${bound}`);
  const limit = Number(match[2]);
  if (match[1] === '<=') return value <= limit;
  if (match[1] === '>=') return value >= limit;
  return value === limit;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** With linear interpolation between neighbours; `share` is 0–1. @throws Error without values */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  if (below === undefined || above === undefined) throw new Error('no values');
  return below + (above - below) * (position - Math.floor(position));
}

/** Four significant digits: more would pretend a precision that no such measurement has. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

export function formatTable(result: BenchmarkResult): string {
  const rows = [
    ['figure', 'median', 'min', 'max', 'unit', 'bound', ''],
    ...result.figures.map((figure) => [
      figure.name,
      String(figure.value),
      String(figure.min),
      String(figure.max),
      figure.unit,
      figure.bound ?? '',
      figure.holds === null ? '' : figure.holds ? 'holds' : 'MISSED',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: string[]): string =>
    row
      .map((cell, column) =>
        column >= 1 && column <= 3 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [`${result.name}: ${result.rounds} rounds`, ...rows.map(line)].join('\n');
}

/** A generator with a seed (mulberry32), so that every run meets the same load. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
