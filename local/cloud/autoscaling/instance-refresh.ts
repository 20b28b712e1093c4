import type { InstanceRefreshStatus } from '@aws-sdk/client-auto-scaling';
import type { GroupInstance } from './group-instance';
import type { LaunchConfiguration } from './group-settings';
import type { GroupState } from './group-state';
import { uuid } from './ids';
import { matchesLaunch } from './launch-plan';

export interface RefreshPreferences {
  /** Of the desired capacity. @default 90 */
  minHealthyPercentage: number;
  /** Undefined: instances end before their replacements begin. */
  maxHealthyPercentage: number | undefined;
  /** Undefined: the group's default warm-up, or else its health check grace period. */
  instanceWarmupSeconds: number | undefined;
  /** Instances that are as wanted already stay. */
  skipMatching: boolean;
  /** Watched for so long after the last replacement, seconds. */
  bakeTimeSeconds: number;
  /** Names; one in ALARM fails the refresh. */
  alarms: readonly string[];
  /** @default Wait */
  scaleInProtectedInstances: 'Refresh' | 'Ignore' | 'Wait';
  /** Goes back when it fails; needs a desired configuration. */
  autoRollback: boolean;
}

export interface RefreshOptions {
  preferences: RefreshPreferences;
  /** Undefined: what the group has. */
  desiredConfiguration: LaunchConfiguration | undefined;
}

/**
 * Without progress it fails. Documented for termination policies that name nobody, and for protected instances that
 * are waited for; the same is taken for launches that fail. Source: user guide, instance refresh.
 */
const FAILS_AFTER_MS = 3_600_000;

const RUNNING = new Set<InstanceRefreshStatus>([
  'Pending',
  'InProgress',
  'Baking',
  'Cancelling',
  'RollbackInProgress',
]);

/** Replaces the instances of a group. Decides; the group acts. */
export class InstanceRefresh {
  readonly refreshId: string;
  readonly startedAtMs: number;
  readonly preferences: RefreshPreferences;
  readonly desiredConfiguration: LaunchConfiguration | undefined;
  readonly ended: Promise<InstanceRefresh>;
  status: InstanceRefreshStatus = 'Pending';
  statusReason: string | undefined;
  endedAtMs: number | undefined;
  percentageComplete = 0;
  instancesToUpdate = 0;
  /** Instances that are replaced, and that were to be replaced at first. */
  private targets = new Set<string>();
  private warmTargets = new Set<string>();
  private bakingSinceMs: number | undefined;
  private progressAtMs: number;
  private progress = '';
  private resolveEnded!: (self: InstanceRefresh) => void;

  constructor(
    private readonly group: GroupState,
    { preferences, desiredConfiguration }: RefreshOptions,
  ) {
    this.refreshId = uuid(group.cloud.random);
    this.startedAtMs = group.cloud.clock.nowMs();
    this.progressAtMs = group.cloud.clock.monotonicMs();
    this.preferences = preferences;
    this.desiredConfiguration = desiredConfiguration;
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
  }

  get isRunning(): boolean {
    return RUNNING.has(this.status);
  }

  /** Whether it replaces instances now, rather than watching those that it has replaced. */
  get isReplacing(): boolean {
    return this.status === 'InProgress' || this.status === 'RollbackInProgress';
  }

  start(): void {
    this.group.launchOverride = this.desiredConfiguration;
    this.aim();
    this.enter('InProgress');
    this.group.publish('EC2 Auto Scaling Instance Refresh Started', { InstanceRefreshId: this.refreshId });
  }

  /** What is replaced stays so. Source: user guide, "Cancel an instance refresh". */
  cancel(): void {
    this.finish('Cancelled', 'Cancelled due to user request.');
  }

  /** @returns false when there is nothing to go back to */
  rollBack(reason: string): boolean {
    if (!this.desiredConfiguration) return false;
    this.group.launchOverride = undefined;
    this.bakingSinceMs = undefined;
    this.aim();
    this.enter('RollbackInProgress', reason);
    return true;
  }

  fail(reason: string): void {
    if (this.status === 'RollbackInProgress') this.finish('RollbackFailed', reason);
    else if (!this.preferences.autoRollback || !this.rollBack(reason)) this.finish('Failed', reason);
  }

  /** How many members the group is to have while old and new ones stand side by side. */
  targetMembers(desired: number): number {
    const { maxHealthyPercentage = 100 } = this.preferences;
    if (!this.isReplacing || maxHealthyPercentage <= 100) return desired;
    // Rounded up, as the minimum is: how the maximum is rounded is not documented, and down would stop small groups.
    const most = Math.ceil((desired * maxHealthyPercentage) / 100);
    return Math.min(most, desired + this.replaceable().length);
  }

  /** Whom the group may terminate now, and how many of them. */
  terminations(): { candidates: GroupInstance[]; count: number } {
    const candidates = this.isReplacing ? this.replaceable() : [];
    const { minHealthyPercentage, maxHealthyPercentage } = this.preferences;
    const { desired } = this.group;
    const ready = this.ready();
    let count = ready.length - Math.ceil((desired * minHealthyPercentage) / 100);
    // "Setting it to 100 percent limits the rate of replacement to one instance at a time": it never stands still.
    const isSettled = ready.length >= desired && this.leaving() === 0;
    if ((maxHealthyPercentage ?? 100) <= 100 && isSettled) count = Math.max(count, 1);
    return { candidates, count: Math.max(0, Math.min(count, candidates.length)) };
  }

  /** Of the warm pool; they go when the group itself is done. Source: user guide, warm pools, "Update instances". */
  warmTerminations(): GroupInstance[] {
    if (!this.isReplacing || this.remaining().length > 0 || this.leaving() > 0) return [];
    return this.group.warm().filter(({ instanceId }) => this.warmTargets.has(instanceId));
  }

  /** Looks at what has come about, and goes on, bakes, succeeds or fails. */
  advance(): void {
    if (!this.isRunning) return;
    const alarm = this.preferences.alarms.find((name) => this.group.cloud.isAlarmActive(name));
    if (alarm !== undefined && this.status !== 'RollbackInProgress') {
      this.fail(`Alarm ${alarm} is in the ALARM state.`);
      return;
    }
    this.measure();
    const nowMs = this.group.cloud.clock.monotonicMs();
    if (this.isDone()) {
      this.bakingSinceMs ??= nowMs;
      const bakes = this.status !== 'RollbackInProgress' && this.preferences.bakeTimeSeconds > 0;
      if (bakes && nowMs - this.bakingSinceMs < this.preferences.bakeTimeSeconds * 1_000) {
        if (this.status !== 'Baking') this.enter('Baking');
        return;
      }
      this.succeed();
    } else if (this.isReplacing && nowMs - this.progressAtMs >= FAILS_AFTER_MS) {
      this.fail('No instance could be replaced for an hour.');
    }
  }

  private succeed(): void {
    if (this.status === 'RollbackInProgress') {
      this.finish('RollbackSuccessful', this.statusReason);
      return;
    }
    if (this.desiredConfiguration) {
      this.group.settings = { ...this.group.settings, launch: this.desiredConfiguration };
    }
    this.finish('Successful', undefined);
  }

  /** Baking, it stays done: a member that comes or goes meanwhile is not its concern. */
  private isDone(): boolean {
    if (this.status === 'Baking') return true;
    const { desired } = this.group;
    return (
      this.remaining().length === 0 &&
      this.leaving() === 0 &&
      this.ready().length >= desired &&
      [...this.warmTargets].every((id) => !this.group.instances.has(id))
    );
  }

  /** What it has to replace, from now on. */
  private aim(): void {
    const { group, preferences } = this;
    const isOld = (instance: GroupInstance) => {
      const skips = preferences.skipMatching || this.group.launchOverride !== this.desiredConfiguration;
      return !skips || !matchesLaunch(instance, group.launch, group.cloud.launchTemplates);
    };
    this.targets = idsOf(group.members().filter(isOld));
    this.warmTargets = idsOf(group.warm().filter(isOld));
    this.measure();
  }

  private measure(): void {
    const total = this.targets.size;
    const remaining = this.remaining().length + this.leaving();
    this.instancesToUpdate = this.remaining().length;
    const percentage = total === 0 ? 100 : Math.floor(((total - remaining) / total) * 100);
    // What waits in its hook makes no progress, and is no failure: it is let go in its own time.
    const progress = [percentage, this.ready().length, this.instancesToUpdate].join();
    if (progress !== this.progress || this.leaving() > 0) {
      this.progressAtMs = this.group.cloud.clock.monotonicMs();
    }
    this.progress = progress;
    if (percentage === this.percentageComplete) return;
    this.percentageComplete = percentage;
    if (this.isRunning && this.status !== 'Pending') this.note();
  }

  private remaining(): GroupInstance[] {
    const ignores = this.preferences.scaleInProtectedInstances === 'Ignore';
    return this.group.members().filter(({ instanceId, isProtectedFromScaleIn }) => {
      return this.targets.has(instanceId) && !(ignores && isProtectedFromScaleIn);
    });
  }

  private replaceable(): GroupInstance[] {
    if (this.preferences.scaleInProtectedInstances === 'Refresh') return this.remaining();
    return this.remaining().filter(({ isProtectedFromScaleIn }) => !isProtectedFromScaleIn);
  }

  /** Their hooks hold them: a refresh waits for them. A retained one is not waited for. */
  private leaving(): number {
    return [...this.group.instances.values()].filter(({ instanceId, isTerminating }) => {
      return isTerminating && this.targets.has(instanceId);
    }).length;
  }

  /** In service, healthy, and warmed up if it is new. */
  private ready(): GroupInstance[] {
    const { settings, cloud } = this.group;
    const warmupSeconds =
      this.preferences.instanceWarmupSeconds ??
      settings.defaultInstanceWarmupSeconds ??
      settings.healthCheckGracePeriodSeconds;
    const nowMs = cloud.clock.nowMs();
    return this.group.inService().filter((instance) => {
      if (!instance.isHealthy) return false;
      return this.targets.has(instance.instanceId) || instance.isWarmedUp(warmupSeconds, nowMs);
    });
  }

  private finish(status: InstanceRefreshStatus, reason: string | undefined): void {
    this.endedAtMs = this.group.cloud.clock.nowMs();
    this.group.launchOverride = undefined;
    this.enter(status, reason);
    const outcome = EVENT_OUTCOMES[status];
    if (outcome) {
      this.group.publish(`EC2 Auto Scaling Instance Refresh ${outcome}`, {
        InstanceRefreshId: this.refreshId,
      });
    }
    this.resolveEnded(this);
  }

  private enter(status: InstanceRefreshStatus, reason?: string): void {
    this.status = status;
    this.statusReason = reason ?? this.statusReason;
    this.note();
  }

  private note(): void {
    this.group.cloud.journal.add({
      kind: 'refresh',
      refreshId: this.refreshId,
      status: this.status,
      percentageComplete: this.percentageComplete,
      reason: this.statusReason,
    });
  }
}

/** Source: user guide, "Amazon EC2 Auto Scaling event reference"; it has none for rollbacks' ends that is sure. */
const EVENT_OUTCOMES: Partial<Record<InstanceRefreshStatus, string>> = {
  Successful: 'Succeeded',
  Failed: 'Failed',
  Cancelled: 'Cancelled',
};

function idsOf(instances: readonly GroupInstance[]): Set<string> {
  return new Set(instances.map(({ instanceId }) => instanceId));
}
