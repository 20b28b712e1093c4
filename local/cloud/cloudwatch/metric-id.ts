/** CloudWatch treats each combination of dimensions as a metric of its own (user guide, "Dimensions"). */
export interface MetricId {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
}

/** Is in no name: control characters are refused. */
const SEPARATOR = '\u0000';

/** The same for the same metric, in whatever order its dimensions are given. Made for each value: it is to be fast. */
export function metricKey({ namespace, name, dimensions }: MetricId): string {
  let key = namespace + SEPARATOR + name;
  const names = Object.keys(dimensions);
  if (names.length > 1) names.sort();
  for (const dimension of names) key += SEPARATOR + dimension + SEPARATOR + dimensions[dimension];
  return key;
}
