import { describeEntry } from '../console/journal-text';
import type { CloudEntry } from '../cloud/journal';

export interface TimelineOptions {
  /** The cloud's time, milliseconds since 1970. */
  nowMs: () => number;
  onLine: (line: string) => void;
}

/** What a person reads of a run: one line for each thing that matters, with the cloud's seconds since the beginning. */
export class Timeline {
  private readonly startedAtMs: number;
  private readonly told = new Set<string>();

  constructor(private readonly options: TimelineOptions) {
    this.startedAtMs = options.nowMs();
  }

  /** What the story itself does or sees. */
  say(text: string): void {
    this.line(this.options.nowMs(), text);
  }

  /** What the cloud's journal notes, unless it only repeats itself. */
  take(entry: CloudEntry): void {
    if (!this.matters(entry)) return;
    this.line(entry.atMs, describeEntry(entry).text);
  }

  private matters(entry: CloudEntry): boolean {
    switch (entry.kind) {
      case 'event':
      case 'target-health':
      case 'notification':
        return false;
      case 'invocation':
        return entry.outcome !== 'ok';
      case 'lifecycle-action':
        return entry.event !== 'heartbeat';
      case 'activity':
        return this.isNew(`${entry.activityId} ${entry.status}`);
      case 'alarm':
        // At the beginning each one learns that there is data.
        return entry.from === 'ALARM' || entry.to === 'ALARM';
      default:
        return true;
    }
  }

  private isNew(what: string): boolean {
    if (this.told.has(what)) return false;
    this.told.add(what);
    return true;
  }

  private line(atMs: number, text: string): void {
    const seconds = ((atMs - this.startedAtMs) / 1_000).toFixed(1);
    this.options.onLine(`${seconds.padStart(8)} s  ${text}`);
  }
}
