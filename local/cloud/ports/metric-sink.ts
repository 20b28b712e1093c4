/** One value of one metric. */
export interface MetricValue {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
  value: number;
  /** Milliseconds since 1970. */
  atMs: number;
  unit?: string | undefined;
  /** `StorageResolution`: 1 for alarms with periods below a minute. @default 60 */
  resolutionSeconds?: 1 | 60;
}

/** Where the parts of the cloud put what they measure: CloudWatch. */
export interface MetricSink {
  record(values: readonly MetricValue[]): void;
}
