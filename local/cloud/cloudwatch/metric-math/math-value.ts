/** A value in each period of a grid; undefined where there is none. */
export type Points = readonly (number | undefined)[];

/** What an expression yields: S, TS or TS[] of the user guide, "Metric math syntax and functions". */
export type MathValue =
  /** Undefined: of a series without any value. */
  | { kind: 'scalar'; value: number | undefined }
  | { kind: 'series'; points: Points }
  | { kind: 'array'; items: readonly Points[] };

export function scalar(value: number | undefined): MathValue {
  return { kind: 'scalar', value };
}

export function series(points: Points): MathValue {
  return { kind: 'series', points };
}

/** No number at all is no point: dividing by zero drops it (same page, "Basic arithmetic functions"). */
export function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
