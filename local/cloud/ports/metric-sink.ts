/** One value of one metric. */
export interface MetricValue {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
  value: number;
  /** Milliseconds since 1970. */
  atMs: number;
  unit?: string | undefined;
}

/** Where the parts of the cloud put what they measure: CloudWatch. */
export interface MetricSink {
  record(values: readonly MetricValue[]): void;
}
