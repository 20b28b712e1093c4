import type { HistoryItemType } from '@aws-sdk/client-cloudwatch';

export interface AlarmHistoryEntry {
  alarmName: string;
  /** Milliseconds since 1970. */
  atMs: number;
  type: Extract<HistoryItemType, 'ConfigurationUpdate' | 'StateUpdate' | 'Action'>;
  summary: string;
  /** JSON. */
  data: string;
}

/** CloudWatch keeps it for 30 days, of deleted alarms too (API reference, DescribeAlarmHistory). */
const KEEP_MS = 30 * 24 * 3_600_000;
const MAX_ENTRIES = 10_000;

/** What happened to alarms, oldest first. */
export class AlarmHistory {
  private readonly kept: AlarmHistoryEntry[] = [];

  add(entry: AlarmHistoryEntry): void {
    this.kept.push(entry);
    while (this.kept.length > MAX_ENTRIES || (this.kept[0]?.atMs ?? Infinity) < entry.atMs - KEEP_MS) {
      this.kept.shift();
    }
  }

  /** @param alarmName @default all alarms */
  entries(alarmName?: string): AlarmHistoryEntry[] {
    return this.kept.filter((entry) => alarmName === undefined || entry.alarmName === alarmName);
  }
}
