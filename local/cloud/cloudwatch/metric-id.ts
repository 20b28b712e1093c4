/** CloudWatch treats each combination of dimensions as a metric of its own (user guide, "Dimensions"). */
export interface MetricId {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
}

/** The same for the same metric, in whatever order its dimensions are given. */
export function metricKey({ namespace, name, dimensions }: MetricId): string {
  const sorted = Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, name, ...sorted.flat()]);
}
