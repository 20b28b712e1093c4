import type { CloudLatencies } from '../cloud-latencies';
import { Alarms, type AlarmsOptions } from './alarms';
import { MetricFaults } from './metric-faults';
import { MetricStore } from './metric-store';

export interface CloudWatchOptions extends Omit<AlarmsOptions, 'store'> {
  latencies: Pick<CloudLatencies, 'metricDelayMs'>;
}

/** CloudWatch: metrics and the alarms on them. */
export class CloudWatch {
  readonly metrics: MetricStore;
  readonly alarms: Alarms;
  readonly faults = new MetricFaults();
  readonly clock: CloudWatchOptions['clock'];

  constructor(options: CloudWatchOptions) {
    this.clock = options.clock;
    this.metrics = new MetricStore(options);
    this.alarms = new Alarms({ ...options, store: this.metrics });
  }

  /** Alarms are evaluated from now on. Idempotent. */
  start(): void {
    this.alarms.start();
  }

  /** Idempotent. */
  close(): void {
    this.alarms.close();
  }

  /** For those who watch alarms, as an instance refresh does. An alarm that is not there is not in ALARM. */
  isInAlarm(alarmName: string): boolean {
    return this.alarms.get(alarmName)?.state === 'ALARM';
  }
}
