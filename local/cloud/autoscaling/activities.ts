import type { ScalingActivityStatusCode } from '@aws-sdk/client-auto-scaling';
import type { Clock, RandomSource } from '../../../core/clock';
import type { CloudJournal } from '../journal';
import { uuid } from './ids';

/** Something that a group does, and why. */
export interface Activity {
  readonly activityId: string;
  readonly instanceId: string | undefined;
  readonly description: string;
  /** In Auto Scaling's words. */
  readonly cause: string;
  readonly startedAtMs: number;
  readonly availabilityZone: string | undefined;
  readonly subnetId: string | undefined;
  status: ScalingActivityStatusCode;
  statusMessage: string | undefined;
  endedAtMs: number | undefined;
  /** Percent. */
  progress: number;
}

/** Kept; the service keeps six weeks of them. */
const MAX_ACTIVITIES = 1_000;

const FINAL = new Set<ScalingActivityStatusCode>(['Successful', 'Failed', 'Cancelled']);

export interface NewActivity {
  description: string;
  cause: string;
  status: ScalingActivityStatusCode;
  instanceId?: string;
  availabilityZone?: string;
  subnetId?: string | undefined;
}

/** A group's scaling activities, newest first. */
export class Activities {
  private readonly kept: Activity[] = [];

  constructor(private readonly options: { clock: Clock; random: RandomSource; journal: CloudJournal }) {}

  list(): readonly Activity[] {
    return this.kept;
  }

  begin(options: NewActivity): Activity {
    const activity: Activity = {
      activityId: uuid(this.options.random),
      instanceId: options.instanceId,
      description: options.description,
      cause: options.cause,
      startedAtMs: this.options.clock.nowMs(),
      availabilityZone: options.availabilityZone,
      subnetId: options.subnetId,
      status: options.status,
      statusMessage: undefined,
      endedAtMs: undefined,
      progress: 0,
    };
    this.kept.unshift(activity);
    if (this.kept.length > MAX_ACTIVITIES) this.forgetOldest();
    this.settle(activity);
    return activity;
  }

  update(activity: Activity, status: ScalingActivityStatusCode, statusMessage?: string): void {
    if (activity.endedAtMs !== undefined) return;
    activity.status = status;
    if (statusMessage !== undefined) activity.statusMessage = statusMessage;
    this.settle(activity);
  }

  private settle(activity: Activity): void {
    if (FINAL.has(activity.status)) {
      activity.endedAtMs = this.options.clock.nowMs();
      activity.progress = 100;
    } else {
      activity.progress = activity.status === 'MidLifecycleAction' ? 60 : 30;
    }
    const { activityId, description, cause, status, statusMessage } = activity;
    this.options.journal.add({ kind: 'activity', activityId, description, cause, status, statusMessage });
  }

  private forgetOldest(): void {
    const oldest = this.kept.findLastIndex(({ endedAtMs }) => endedAtMs !== undefined);
    if (oldest > 0) this.kept.splice(oldest, 1);
  }
}
