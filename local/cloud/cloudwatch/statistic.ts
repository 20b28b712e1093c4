import type { Aggregate } from './aggregate';

/** The statistics that every metric has. */
export const PLAIN_STATISTICS = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'] as const;

export type PlainStatistic = (typeof PLAIN_STATISTICS)[number];

/** One number of an aggregate: a plain statistic, or `p0` to `p100` with decimals. */
export interface Statistic {
  /** As callers write it. */
  readonly text: string;
  readonly plain: PlainStatistic | undefined;
  readonly percent: number;
}

/** Undefined for what is no statistic, or none that is computed here (trimmed means and the like). */
export function parseStatistic(text: string): Statistic | undefined {
  const plain = PLAIN_STATISTICS.find((name) => name === text);
  if (plain) return { text, plain, percent: 0 };
  const [, percent] = /^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(text) ?? [];
  if (percent === undefined || Number(percent) > 100) return undefined;
  return { text, plain: undefined, percent: Number(percent) };
}

export function statisticOf(aggregate: Aggregate, { plain, percent }: Statistic): number | undefined {
  if (aggregate.count === 0) return undefined;
  switch (plain) {
    case 'SampleCount':
      return aggregate.count;
    case 'Average':
      return aggregate.average;
    case 'Sum':
      return aggregate.sum;
    case 'Minimum':
      return aggregate.min;
    case 'Maximum':
      return aggregate.max;
    case undefined:
      return aggregate.percentile(percent);
  }
}
