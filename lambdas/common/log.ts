import { METRIC_DIMENSION, METRIC_NAMESPACE } from '../../core/deployment/fleet-metrics';
import type { CaretakerMetric } from '../../core/drain/caretaker-metrics';

/** One JSON line per entry on stdout, which Lambda ships. Ids and numbers only, never secrets. */
export interface Log {
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
  /** Counts in CloudWatch: a line in its embedded metric format. */
  count(values: Partial<Record<CaretakerMetric, number>>): void;
}

export interface LogOptions {
  /** Dimension of the metrics. */
  groupName: string;
  nowMs: () => number;
  /** @default stdout */
  write?: ((line: string) => void) | undefined;
}

export function createLog({ groupName, nowMs, write = writeLine }: LogOptions): Log {
  const entry =
    (level: string) =>
    (message: string, details: object = {}) =>
      write(JSON.stringify({ level, atMs: nowMs(), message, ...details }));
  return {
    info: entry('info'),
    warn: entry('warn'),
    error: entry('error'),
    count: (values) =>
      write(
        JSON.stringify({
          _aws: {
            Timestamp: nowMs(),
            CloudWatchMetrics: [
              {
                Namespace: METRIC_NAMESPACE,
                Dimensions: [[METRIC_DIMENSION]],
                Metrics: Object.keys(values).map((name) => ({ Name: name, Unit: 'Count' })),
              },
            ],
          },
          [METRIC_DIMENSION]: groupName,
          ...values,
        }),
      ),
  };
}

/** An error's name and message; ioredis and the SDK attach commands and requests, which stay out of the log. */
export function describeError(error: unknown): { name: string; message: string } {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) };
}

function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
