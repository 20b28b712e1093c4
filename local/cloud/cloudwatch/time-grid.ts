/** Periods in a row. Periods begin inclusive and end exclusive. */
export interface TimeGrid {
  /** Beginning of the first period, milliseconds since 1970. */
  startMs: number;
  periodMs: number;
  /** How many periods. */
  count: number;
}

/** The last `count` periods that end at a moment. */
export function gridEndingAt(endMs: number, periodMs: number, count: number): TimeGrid {
  return { startMs: endMs - periodMs * count, periodMs, count };
}
