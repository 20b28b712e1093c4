import type { MetricPoint } from './metric-store';

/** Faults for scenarios: publishers whose requests CloudWatch never gets, though they think that it did. */
export class MetricFaults {
  private isLost: (request: readonly MetricPoint[]) => boolean = () => false;

  /**
   * From now on requests that `isLost` says so of are taken and forgotten. The wire does not tell who calls: what a
   * request says tells one publisher from another. Takes the place of an earlier fault.
   */
  lose(isLost: (request: readonly MetricPoint[]) => boolean): void {
    this.isLost = isLost;
  }

  /** Everything arrives again. */
  end(): void {
    this.isLost = () => false;
  }

  loses(request: readonly MetricPoint[]): boolean {
    return this.isLost(request);
  }
}
