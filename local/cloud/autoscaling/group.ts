import type { Timer } from '../../../core/clock';
import type { Activity } from './activities';
import type { AutoScalingOptions } from './auto-scaling-options';
import type { GroupInstance } from './group-instance';
import { recordGroupMetrics } from './group-metrics';
import type { GroupSettings } from './group-settings';
import { GroupState } from './group-state';
import { InstanceLifecycle, type LaunchOptions } from './instance-lifecycle';
import { InstanceRefresh, type RefreshOptions } from './instance-refresh';
import { matchesLaunch, planLaunch, type LaunchPlan } from './launch-plan';
import type { ScalingPolicy } from './scaling-policy';
import { ScheduledActions } from './scheduled-action';
import { TerminationSelector } from './termination-selector';
import { warmPoolSize, type WarmPoolSettings } from './warm-pool';
import { ZoneRebalance } from './zone-rebalance';

const METRICS_EVERY_MS = 60_000;
/** How often a refresh looks at alarms and warm-ups. */
const REFRESH_LOOKS_EVERY_MS = 10_000;
/** Launches that fail in a row come at growing intervals, up to this; the service's own are not documented. */
const FIRST_BACK_OFF_MS = 10_000;
const LONGEST_BACK_OFF_MS = 15 * 60_000;
const MAX_REFRESHES = 50;

/** An Auto Scaling group: keeps as many instances in service as it is told to. */
export class Group {
  readonly state: GroupState;
  readonly lifecycle: InstanceLifecycle;
  readonly scheduledActions: ScheduledActions;
  readonly policies = new Map<string, ScalingPolicy>();
  /** Newest first. */
  readonly refreshes: InstanceRefresh[] = [];
  warmPool: WarmPoolSettings | undefined;
  /** When the capacity was last changed by hand; cooldowns count from here. */
  scaledByHandAtMs = -Infinity;
  private readonly selector: TerminationSelector;
  private readonly zones: ZoneRebalance;
  private readonly metricsTimer: Timer;
  private refreshTimer: Timer | undefined;
  private backOffTimer: Timer | undefined;
  private failedLaunches = 0;
  /** Unhealthy instances that are gone and not replaced yet. */
  private toReplace = 0;
  private prebooted = 0;
  private isReconciling = false;
  private isStale = false;
  private isClosed = false;

  constructor(cloud: AutoScalingOptions, settings: GroupSettings) {
    this.state = new GroupState(cloud, settings);
    const onChange = () => this.reconcile();
    this.lifecycle = new InstanceLifecycle(this.state, {
      onChange,
      onInService: () => (this.failedLaunches = 0),
      onLaunchFailed: () => this.backOff(),
    });
    this.selector = new TerminationSelector(this.state, onChange);
    this.zones = new ZoneRebalance(this.state, onChange);
    this.scheduledActions = new ScheduledActions(this.state, onChange);
    this.metricsTimer = cloud.clock.setRepeating(METRICS_EVERY_MS, () => {
      recordGroupMetrics(this.state, this.warmPool);
    });
    if (cloud.prebootNewGroups) this.prebooted = this.state.desired;
    if (this.state.desired > 0) {
      this.state.causes.push(
        `${this.state.stamp()} a user request created an AutoScalingGroup changing the desired capacity from 0 to ${this.state.desired}.`,
      );
    }
  }

  get activeRefresh(): InstanceRefresh | undefined {
    return this.refreshes.find(({ isRunning }) => isRunning);
  }

  /** Its timers end; its instances stay as they are. Idempotent. */
  close(): void {
    this.isClosed = true;
    this.metricsTimer.cancel();
    this.refreshTimer?.cancel();
    this.backOffTimer?.cancel();
    this.selector.close();
    this.scheduledActions.close();
    for (const { actions } of this.state.instances.values()) for (const action of actions) action.cancel();
  }

  startRefresh(options: RefreshOptions): InstanceRefresh {
    const refresh = new InstanceRefresh(this.state, options);
    this.refreshes.unshift(refresh);
    this.refreshes.splice(MAX_REFRESHES);
    refresh.start();
    this.refreshTimer ??= this.state.cloud.clock.setRepeating(REFRESH_LOOKS_EVERY_MS, () => this.reconcile());
    this.reconcile();
    return refresh;
  }

  setWarmPool(pool: WarmPoolSettings | undefined): void {
    this.warmPool = pool;
    if (pool) this.state.warmPoolState = pool.poolState;
    this.reconcile();
  }

  /** By hand. `decrement`: it is not replaced. */
  terminateInstance(instance: GroupInstance, decrement: boolean): Activity | undefined {
    const { state } = this;
    const from = state.desired;
    let cause = `${state.stamp()} instance ${instance.instanceId} was taken out of service in response to a user request`;
    if (decrement && instance.isMember) {
      state.desired -= 1;
      cause += `, shrinking the capacity from ${from} to ${state.desired}`;
      state.cloud.journal.add({ kind: 'desired-capacity', from, to: state.desired, cause });
    }
    cause += '.';
    if (instance.isRetained) return this.lifecycle.terminateRetained(instance, cause);
    this.lifecycle.terminate(instance, cause);
    const { activity } = instance;
    this.reconcile();
    return activity;
  }

  /** Everything that differs from what is wanted is set to rights, as far as nothing is suspended. */
  reconcile(): void {
    if (this.isClosed) return;
    this.isStale = true;
    if (this.isReconciling) return;
    this.isReconciling = true;
    try {
      while (this.isStale) {
        this.isStale = false;
        this.replaceUnhealthy();
        this.refresh();
        this.launchMissing();
        this.replaceAtRisk();
        this.scaleIn();
        this.fillWarmPool();
        this.zones.look(this.activeRefresh !== undefined || this.atRisk().length > 0);
      }
    } finally {
      this.isReconciling = false;
    }
  }

  private replaceUnhealthy(): void {
    const { state } = this;
    for (const instance of [...state.instances.values()]) {
      if (instance.hasFailed) this.judgeFailed(instance);
      if (instance.isHealthy || instance.state !== 'InService') continue;
      if (state.isSuspended('ReplaceUnhealthy') || state.isSuspended('Terminate')) continue;
      const why = instance.hasFailed
        ? 'an EC2 health check indicating it has been terminated or stopped'
        : 'a user health-check';
      this.toReplace += 1;
      this.lifecycle.terminate(
        instance,
        `${state.stamp()} an instance was taken out of service in response to ${why}.`,
      );
    }
  }

  /** An instance that does not run any more has no grace period. */
  private judgeFailed(instance: GroupInstance): void {
    const { state } = this;
    if (instance.isPending) {
      this.lifecycle.abandonLaunch(
        instance,
        'Instance became unhealthy while waiting for instance to be in InService state.',
      );
    } else if (instance.isWarm && !instance.isTerminating && !instance.isRetained) {
      this.lifecycle.terminate(
        instance,
        `${state.stamp()} an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.`,
      );
    } else if (!state.isSuspended('HealthCheck')) {
      instance.isHealthy = false;
    }
  }

  private refresh(): void {
    const refresh = this.activeRefresh;
    if (!refresh) {
      this.refreshTimer?.cancel();
      this.refreshTimer = undefined;
      return;
    }
    if (this.state.isSuspended('InstanceRefresh')) return;
    refresh.advance();
    if (!refresh.isReplacing || this.state.isSuspended('Terminate')) return;
    for (const instance of refresh.warmTerminations()) {
      this.lifecycle.terminate(instance, this.refreshCause(instance));
    }
    this.selector.select({ ...refresh.terminations(), cause: 'INSTANCE_REFRESH' }, (chosen) => {
      const { candidates, count } = refresh.terminations();
      for (const instance of chosen.filter((one) => candidates.includes(one)).slice(0, count)) {
        this.lifecycle.terminate(instance, this.refreshCause(instance));
      }
    });
  }

  private refreshCause({ instanceId }: GroupInstance): string {
    const stamp = this.state.stamp();
    return `${stamp} an instance was taken out of service in response to an instance refresh.  ${stamp} instance ${instanceId} was selected for termination.`;
  }

  /** How many members there are to be, those included that make others superfluous. */
  private targetMembers(): number {
    const { desired, settings } = this.state;
    const extra = this.atRisk().length + this.zones.extra;
    // Source: user guide, "Rebalancing activities": 10 percent or one instance above the maximum, whichever is greater.
    const most = settings.maxSize + Math.max(1, Math.floor(settings.maxSize / 10));
    const wanted = extra > 0 ? Math.max(desired, Math.min(desired + extra, most)) : desired;
    return Math.max(wanted, this.activeRefresh?.targetMembers(desired) ?? 0);
  }

  private launchMissing(): void {
    const { state } = this;
    const target = this.targetMembers();
    if (state.members().length >= target) {
      this.toReplace = 0;
      if (state.members().length === target) state.causes.length = 0;
      return;
    }
    if (state.isSuspended('Launch') || this.backOffTimer) return;
    while (state.members().length < target && !this.backOffTimer) this.launchOne(target);
    this.isStale = true;
  }

  private launchOne(target: number): void {
    const { state } = this;
    const cause = this.launchCause(target);
    if (this.toReplace > 0) this.toReplace -= 1;
    const prepared = this.prepared();
    if (prepared) {
      this.lifecycle.takeFromPool(prepared, cause);
      return;
    }
    this.launch(state.members(), { destination: 'AutoScalingGroup', cause, prebooted: this.prebooted > 0 });
    this.prebooted = Math.max(0, this.prebooted - 1);
  }

  /**
   * Instances of an older configuration serve as well, except while a refresh replaces them.
   * Source: user guide, warm pools, "Update instances in a warm pool".
   */
  private prepared(): GroupInstance | undefined {
    const { launch, cloud } = this.state;
    return this.state
      .warm()
      .find(
        (instance) =>
          instance.isPrepared &&
          !instance.hasFailed &&
          (!this.activeRefresh || matchesLaunch(instance, launch, cloud.launchTemplates)),
      );
  }

  /** @param beside whom the zones and purchase options are balanced with */
  private launch(
    beside: readonly GroupInstance[],
    options: Pick<LaunchOptions, 'destination' | 'cause' | 'prebooted'>,
  ): void {
    const { launch, settings, cloud, activities } = this.state;
    let plan: LaunchPlan;
    try {
      plan = planLaunch(launch, settings.subnets, beside, cloud.launchTemplates);
    } catch (error) {
      const description = 'Launching a new EC2 instance';
      const failed = activities.begin({ description, cause: options.cause, status: 'PreInService' });
      activities.update(failed, 'Failed', error instanceof Error ? error.message : String(error));
      this.backOff();
      return;
    }
    this.lifecycle.launch({ ...plan, ...options });
  }

  private launchCause(target: number): string {
    const { state } = this;
    const stamp = state.stamp();
    if (this.toReplace > 0) {
      return `${stamp} an instance was launched in response to an unhealthy instance needing to be replaced.`;
    }
    const members = state.members().length;
    if (members >= state.desired) {
      const why = this.activeRefresh
        ? 'an instance refresh'
        : this.atRisk().length > 0
          ? 'an EC2 instance rebalance recommendation'
          : 'the need to rebalance Availability Zones';
      return `${stamp} an instance was launched in response to ${why}.`;
    }
    const difference = `${stamp} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from ${members} to ${target}.`;
    return [...state.causes, difference].join('  ');
  }

  private backOff(): void {
    this.failedLaunches += 1;
    this.backOffTimer?.cancel();
    const delayMs = Math.min(FIRST_BACK_OFF_MS * 2 ** (this.failedLaunches - 1), LONGEST_BACK_OFF_MS);
    this.backOffTimer = this.state.cloud.clock.setTimer(delayMs, () => {
      this.backOffTimer = undefined;
      this.reconcile();
    });
  }

  private atRisk(): GroupInstance[] {
    if (!this.state.settings.capacityRebalance) return [];
    return this.state.inService().filter(({ isAtRisk }) => isAtRisk);
  }

  /** Its replacement serves. Source: user guide, "Capacity Rebalancing": launches first, then terminates. */
  private replaceAtRisk(): void {
    const { state } = this;
    if (state.isSuspended('Terminate')) return;
    const superfluous = state.inService().length - state.desired;
    for (const instance of this.atRisk().slice(0, Math.max(0, superfluous))) {
      this.lifecycle.terminate(
        instance,
        `${state.stamp()} an instance was taken out of service in response to an EC2 instance rebalance recommendation.`,
      );
    }
  }

  private scaleIn(): void {
    const { state } = this;
    const surplus = () => state.members().length - this.targetMembers();
    if (surplus() <= 0 || state.isSuspended('Terminate')) return;
    const unprotected = state.members().filter(({ isProtectedFromScaleIn }) => !isProtectedFromScaleIn);
    const serving = unprotected.filter(({ state: lifecycle }) => lifecycle === 'InService');
    // Those that are still on their way go only when there are not enough others.
    const candidates = serving.length >= surplus() ? serving : unprotected;
    this.selector.select({ candidates, count: surplus(), cause: 'SCALE_IN' }, (chosen) => {
      const from = state.members().length;
      const leaving = chosen.filter(({ isMember }) => isMember).slice(0, Math.max(0, surplus()));
      const cause = this.scaleInCause(leaving, from);
      for (const instance of leaving) {
        if (this.returnsToPool(instance)) this.lifecycle.returnToPool(instance, cause);
        else this.lifecycle.terminate(instance, cause);
      }
      if (leaving.length > 0) this.isStale = true;
    });
  }

  private scaleInCause(leaving: readonly GroupInstance[], from: number): string {
    const stamp = this.state.stamp();
    const shrinking = `${stamp} an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from ${from} to ${from - leaving.length}.`;
    const selected = leaving.map(
      ({ instanceId }) => `${stamp} instance ${instanceId} was selected for termination.`,
    );
    return [...this.state.causes, shrinking, ...selected].join('  ');
  }

  private returnsToPool({ state: lifecycle, isHealthy }: GroupInstance): boolean {
    if (!this.warmPool?.reuseOnScaleIn || lifecycle !== 'InService' || !isHealthy) return false;
    return this.state.warm().length < warmPoolSize(this.warmPool, this.state);
  }

  private fillWarmPool(): void {
    const { state, warmPool } = this;
    const size = warmPool ? warmPoolSize(warmPool, state) : 0;
    const warm = state.warm();
    if (warm.length > size) {
      if (state.isSuspended('Terminate')) return;
      for (const instance of warm.slice(0, warm.length - size)) {
        this.lifecycle.terminate(
          instance,
          `${state.stamp()} an instance was taken out of the warm pool in response to a difference between its desired and actual size.`,
        );
      }
      return;
    }
    if (state.isSuspended('Launch') || this.activeRefresh?.warmTerminations().length) return;
    for (let count = warm.length; count < size && !this.backOffTimer; count += 1) {
      this.launch(state.warm(), {
        destination: 'WarmPool',
        cause: `${state.stamp()} an instance was started in response to a difference between desired and actual capacity of the warm pool, increasing it from ${count} to ${size}.`,
        prebooted: false,
      });
    }
  }
}
