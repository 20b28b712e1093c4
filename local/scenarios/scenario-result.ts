/** One number of a run. */
export interface ScenarioFigure {
  name: string;
  unit: string;
  value: number;
}

export interface ScenarioResult {
  name: string;
  passed: boolean;
  figures: ScenarioFigure[];
  /** What was not as told. */
  problems: string[];
}
