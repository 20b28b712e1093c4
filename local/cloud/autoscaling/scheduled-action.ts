import { Cron } from 'croner';
import type { Timer } from '../../../core/clock';
import type { GroupState } from './group-state';

/** Changes a group's sizes at a time, once or again and again. */
export interface ScheduledAction {
  readonly arn: string;
  readonly name: string;
  /** Undefined: stays as it is. */
  readonly minSize: number | undefined;
  readonly maxSize: number | undefined;
  readonly desiredCapacity: number | undefined;
  /** Five fields of cron; undefined: once, at the start. */
  readonly recurrence: string | undefined;
  /** IANA. */
  readonly timeZone: string;
  readonly startAtMs: number | undefined;
  readonly endAtMs: number | undefined;
}

/** Timers that wait longer are set anew; also what a timer of Node can hold. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/** @throws Error when the recurrence or the zone is none */
export function nextRunMs(action: ScheduledAction, afterMs: number): number | undefined {
  const { recurrence, startAtMs, endAtMs } = action;
  let next: number | undefined;
  if (recurrence === undefined) {
    next = startAtMs !== undefined && startAtMs > afterMs ? startAtMs : undefined;
  } else {
    // The start itself is a run if it matches: croner looks for what comes after.
    const from = Math.max(afterMs, (startAtMs ?? -Infinity) - 1_000);
    const cron = new Cron(recurrence, { timezone: action.timeZone, mode: '5-part', paused: true });
    next = cron.nextRun(new Date(from))?.getTime();
  }
  return next !== undefined && (endAtMs === undefined || next <= endAtMs) ? next : undefined;
}

/** Runs the scheduled actions of one group. */
export class ScheduledActions {
  private readonly actions = new Map<string, { action: ScheduledAction; timer: Timer | undefined }>();

  constructor(
    private readonly group: GroupState,
    private readonly onChange: () => void,
  ) {}

  list(): ScheduledAction[] {
    return [...this.actions.values()].map(({ action }) => action);
  }

  /** New, or instead of the one of the same name. */
  put(action: ScheduledAction): void {
    this.remove(action.name);
    const entry = { action, timer: undefined };
    this.actions.set(action.name, entry);
    this.schedule(entry);
  }

  remove(name: string): void {
    this.actions.get(name)?.timer?.cancel();
    this.actions.delete(name);
  }

  close(): void {
    for (const { name } of this.list()) this.remove(name);
  }

  private schedule(entry: { action: ScheduledAction; timer: Timer | undefined }): void {
    const { clock } = this.group.cloud;
    const dueMs = nextRunMs(entry.action, clock.nowMs());
    if (dueMs === undefined) {
      // Source: user guide, "Scheduled scaling": an action that has run for the last time is removed.
      if (entry.action.recurrence === undefined) this.actions.delete(entry.action.name);
      return;
    }
    const waitMs = dueMs - clock.nowMs();
    entry.timer = clock.setTimer(Math.min(waitMs, LONGEST_WAIT_MS), () => {
      if (waitMs <= LONGEST_WAIT_MS) this.run(entry.action);
      this.schedule(entry);
    });
  }

  /** What falls due while the process is suspended is left out. Source: user guide, "Suspend and resume processes". */
  private run(action: ScheduledAction): void {
    const { group } = this;
    if (group.isSuspended('ScheduledActions')) return;
    const minSize = action.minSize ?? group.settings.minSize;
    const maxSize = action.maxSize ?? group.settings.maxSize;
    // Sizes that contradict each other fail on AWS as well, and change nothing.
    if (minSize > maxSize) return;
    const desired = Math.min(maxSize, Math.max(minSize, action.desiredCapacity ?? group.desired));
    group.settings = { ...group.settings, minSize, maxSize };
    group.setDesired(
      desired,
      `a scheduled action update of AutoScalingGroup constraints to min: ${minSize}, max: ${maxSize}, desired: ${desired}`,
    );
    this.onChange();
  }
}
