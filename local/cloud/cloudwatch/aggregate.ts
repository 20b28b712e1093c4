/** What `StatisticValues` of a datum carries. */
export interface StatisticSet {
  sampleCount: number;
  sum: number;
  minimum: number;
  maximum: number;
}

/** Distinct values that are told apart for percentiles: exact up to here, nearest ones merged beyond. */
const MAX_CENTROIDS = 20;

/** Everything that is known of the values of one stretch of time, in bounded memory. */
export class Aggregate {
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  /** Value, weight, value, weight … in order of the values; undefined as long as all values are the same. */
  private centroids: number[] | undefined;
  /** A statistic set came in: it tells nothing of how values are spread. */
  private spreadUnknown = false;

  add(value: number, weight = 1): void {
    if (weight <= 0) return;
    if (this.count > 0 && (this.centroids || value !== this.min)) {
      this.centroids ??= [this.min, this.count];
      insert(this.centroids, value, weight);
    }
    this.count += weight;
    this.sum += value * weight;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
  }

  addStatistics({ sampleCount, sum, minimum, maximum }: StatisticSet): void {
    if (sampleCount <= 0) return;
    // Percentiles of statistic sets exist only where no spread is possible (user guide, "Percentiles").
    if (minimum === maximum) this.add(minimum, sampleCount);
    else {
      this.spreadUnknown = true;
      this.count += sampleCount;
      this.sum += sum;
      this.min = Math.min(this.min, minimum);
      this.max = Math.max(this.max, maximum);
    }
  }

  /** @param withSpread whether percentiles will be asked for: keeping what they need costs most */
  merge(other: Aggregate, withSpread: boolean): void {
    if (other.count === 0) return;
    if (!withSpread || this.spreadUnknown || other.spreadUnknown) {
      this.spreadUnknown = true;
      this.count += other.count;
      this.sum += other.sum;
      this.min = Math.min(this.min, other.min);
      this.max = Math.max(this.max, other.max);
      return;
    }
    const { min, max, sum } = this;
    const theirs = other.centroids ?? [other.min, other.count];
    for (let index = 0; index < theirs.length; index += 2) {
      this.add(theirs[index] ?? 0, theirs[index + 1] ?? 0);
    }
    // Centroids are means: what is exact stays exact.
    this.sum = sum + other.sum;
    this.min = Math.min(min, other.min);
    this.max = Math.max(max, other.max);
  }

  get average(): number {
    return this.sum / this.count;
  }

  /**
   * The smallest value that `percent` of the values do not exceed; how CloudWatch interpolates is not published.
   * Undefined where it gives none: for negative values, and for statistic sets (API reference, GetMetricStatistics).
   */
  percentile(percent: number): number | undefined {
    if (this.count === 0 || this.spreadUnknown || this.min < 0) return undefined;
    if (percent >= 100) return this.max;
    if (!this.centroids || percent <= 0) return this.min;
    const rank = (percent / 100) * this.count;
    let seen = 0;
    for (let index = 0; index < this.centroids.length; index += 2) {
      seen += this.centroids[index + 1] ?? 0;
      if (seen >= rank) return this.centroids[index];
    }
    return this.max;
  }
}

function insert(centroids: number[], value: number, weight: number): void {
  let index = 0;
  while (index < centroids.length && (centroids[index] ?? 0) < value) index += 2;
  if (centroids[index] === value) centroids[index + 1] = (centroids[index + 1] ?? 0) + weight;
  else centroids.splice(index, 0, value, weight);
  if (centroids.length > 2 * MAX_CENTROIDS) mergeNearest(centroids);
}

function mergeNearest(centroids: number[]): void {
  let nearest = 0;
  let gap = Infinity;
  for (let index = 0; index + 2 < centroids.length; index += 2) {
    const between = (centroids[index + 2] ?? 0) - (centroids[index] ?? 0);
    if (between < gap) {
      gap = between;
      nearest = index;
    }
  }
  const [value = 0, weight = 0, nextValue = 0, nextWeight = 0] = centroids.slice(nearest, nearest + 4);
  const total = weight + nextWeight;
  centroids.splice(nearest, 4, value + (nextValue - value) * (nextWeight / total), total);
}
