import type { Clock } from '../../core/clock';
import type { AlarmState } from './ports/alarm-action';

/** What happens in the local cloud, for its console, its scenarios and its log. */
export type CloudOccurrence =
  | { kind: 'instance-state'; instanceId: string; from: string | undefined; to: string }
  /** A scaling activity begins, goes on, or ends; in Auto Scaling's own words. */
  | {
      kind: 'activity';
      activityId: string;
      description: string;
      cause: string;
      status: string;
      statusMessage?: string | undefined;
    }
  | { kind: 'desired-capacity'; from: number; to: number; cause: string }
  | { kind: 'policy'; policyName: string; alarmName: string; adjustment: number; outcome: string }
  | {
      kind: 'lifecycle-action';
      instanceId: string;
      hookName: string;
      event: 'waits' | 'heartbeat' | 'CONTINUE' | 'ABANDON' | 'timed-out';
    }
  | { kind: 'retained'; instanceId: string; reason: string }
  | {
      kind: 'refresh';
      refreshId: string;
      status: string;
      percentageComplete: number;
      reason?: string | undefined;
    }
  | {
      kind: 'alarm';
      alarmName: string;
      from: AlarmState;
      to: AlarmState;
      reason: string;
      value: number | undefined;
    }
  | { kind: 'notification'; topicArn: string; subject: string }
  | { kind: 'event'; source: string; detailType: string; rules: readonly string[] }
  | {
      kind: 'invocation';
      functionName: string;
      outcome: 'ok' | 'Unhandled' | 'TimedOut' | 'NotFound' | 'Throttled';
      tookMs: number;
      message?: string | undefined;
    }
  | { kind: 'dead-letter'; queueName: string; functionName: string; message: string }
  | { kind: 'target-health'; instanceId: string; healthy: boolean }
  | { kind: 'deployment'; message: string }
  /** Somebody used the console. */
  | { kind: 'control'; name: string; subject: string };

export type CloudEntry = CloudOccurrence & {
  /** Counts up from 1. */
  sequence: number;
  /** By the cloud's clock, milliseconds since 1970. */
  atMs: number;
};

/** Entries that are kept. */
const MAX_ENTRIES = 5_000;

/** The record of all that happens, in its order. */
export class CloudJournal {
  private readonly kept: CloudEntry[] = [];
  private readonly listeners = new Set<(entry: CloudEntry) => void>();
  private sequence = 0;

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  add(occurrence: CloudOccurrence): void {
    this.sequence += 1;
    const entry = { ...occurrence, sequence: this.sequence, atMs: this.clock.nowMs() };
    this.kept.push(entry);
    if (this.kept.length > MAX_ENTRIES) this.kept.shift();
    for (const listener of this.listeners) listener(entry);
  }

  /** What is kept, oldest first; from after a sequence number if one is given. */
  entries(afterSequence = 0): readonly CloudEntry[] {
    return this.kept.filter(({ sequence }) => sequence > afterSequence);
  }

  /** Calls with every new entry, until the function that it gives is called. */
  subscribe(listener: (entry: CloudEntry) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
