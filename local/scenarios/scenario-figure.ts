/** One number of a run. */
export interface ScenarioFigure {
  name: string;
  unit: string;
  value: number;
}
