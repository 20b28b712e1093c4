import type { AutoScalingOptions } from './auto-scaling-options';
import { Activities } from './activities';
import type { GroupInstance } from './group-instance';
import type { GroupSettings, LaunchConfiguration } from './group-settings';
import { uuid } from './ids';

/** Source: API reference, SuspendProcesses. */
export const SCALING_PROCESSES = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
] as const;

export type ScalingProcess = (typeof SCALING_PROCESSES)[number];

/** Of changes that have led to nothing yet, e.g. while launches are suspended. */
const MAX_CAUSES = 10;

/** What a group is and has now; its parts share it. */
export class GroupState {
  readonly arn: string;
  readonly createdAtMs: number;
  readonly activities: Activities;
  readonly suspended = new Set<ScalingProcess>();
  /** Those that have ended are gone. In the order of their launch. */
  readonly instances = new Map<string, GroupInstance>();
  /** What has changed the desired capacity since it was last reached, in Auto Scaling's words. */
  readonly causes: string[] = [];
  settings: GroupSettings;
  desired: number;
  /** What instances of the warm pool rest in. */
  warmPoolState: 'Stopped' | 'Running' = 'Stopped';
  /** While an instance refresh brings another configuration. */
  launchOverride: LaunchConfiguration | undefined;

  constructor(
    readonly cloud: AutoScalingOptions,
    settings: GroupSettings,
  ) {
    const { clock, random, journal, identity } = cloud;
    this.settings = settings;
    this.desired = settings.desiredCapacity ?? settings.minSize;
    this.createdAtMs = clock.nowMs();
    this.activities = new Activities({ clock, random, journal });
    this.arn =
      `arn:${identity.partition}:autoscaling:${identity.region}:${identity.account}:autoScalingGroup:` +
      `${uuid(random)}:autoScalingGroupName/${settings.name}`;
  }

  /** What new instances are like, now. */
  get launch(): LaunchConfiguration {
    return this.launchOverride ?? this.settings.launch;
  }

  /** Those that count for the desired capacity. */
  members(): GroupInstance[] {
    return [...this.instances.values()].filter(({ isMember }) => isMember);
  }

  inService(): GroupInstance[] {
    return [...this.instances.values()].filter(({ state }) => state === 'InService');
  }

  warm(): GroupInstance[] {
    return [...this.instances.values()].filter(({ isWarm, isTerminating, isRetained }) => {
      return isWarm && !isTerminating && !isRetained;
    });
  }

  isSuspended(process: ScalingProcess): boolean {
    return this.suspended.has(process);
  }

  /** @param because e.g. `a user request explicitly set group desired capacity` */
  setDesired(desired: number, because: string): void {
    if (desired === this.desired) return;
    const from = this.desired;
    this.desired = desired;
    const cause = `${this.stamp()} ${because} changing the desired capacity from ${from} to ${desired}.`;
    this.causes.push(cause);
    if (this.causes.length > MAX_CAUSES) this.causes.shift();
    this.cloud.journal.add({ kind: 'desired-capacity', from, to: desired, cause });
  }

  /** E.g. `At 2026-10-01T08:00:00Z`. */
  stamp(): string {
    return `At ${isoSeconds(this.cloud.clock.nowMs())}`;
  }

  publish(detailType: string, detail: Record<string, unknown>, instanceId?: string): void {
    const { identity, eventBus } = this.cloud;
    const resources = [this.arn];
    if (instanceId !== undefined) {
      resources.push(
        `arn:${identity.partition}:ec2:${identity.region}:${identity.account}:instance/${instanceId}`,
      );
    }
    eventBus.publish({
      source: 'aws.autoscaling',
      detailType,
      detail: { AutoScalingGroupName: this.settings.name, ...detail },
      resources,
    });
  }
}

export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
