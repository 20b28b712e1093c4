import type { LaunchTemplateVersion } from '../ec2/launch-templates';
import type { Activity } from './activities';
import { GroupInstance, type LifecycleState, type Market } from './group-instance';
import type { Subnet } from './group-settings';
import { isoSeconds, type GroupState } from './group-state';
import { resourceId } from './ids';
import { HookWaits, type HookEnd, type HookWait } from './hook-waits';

export interface LaunchOptions {
  subnet: Subnet;
  market: Market;
  instanceType: string;
  template: LaunchTemplateVersion;
  destination: 'AutoScalingGroup' | 'WarmPool';
  /** In Auto Scaling's words. */
  cause: string;
  prebooted: boolean;
}

/** What the group hears of its instances. */
export interface LifecycleEvents {
  /** Something changed that may call for action. */
  onChange: () => void;
  /** A launch came to nothing: its hook was abandoned, or its machine died before it was in service. */
  onLaunchFailed: () => void;
  onInService: (instance: GroupInstance) => void;
}

/** Moves the instances of one group through their lives. */
export class InstanceLifecycle {
  readonly hooks: HookWaits;

  constructor(
    private readonly group: GroupState,
    private readonly events: LifecycleEvents,
  ) {
    this.hooks = new HookWaits(group);
  }

  launch(options: LaunchOptions): GroupInstance | undefined {
    const { group } = this;
    const { subnet, template, destination } = options;
    const toPool = destination === 'WarmPool';
    const instance = new GroupInstance({
      instanceId: resourceId(group.cloud.random, 'i'),
      ...subnet,
      instanceType: options.instanceType,
      market: options.market,
      template,
      isProtectedFromScaleIn: group.settings.newInstancesProtectedFromScaleIn,
      launchedAtMs: group.cloud.clock.nowMs(),
      state: toPool ? 'Warmed:Pending' : 'Pending',
    });
    const { instanceId, availabilityZone, subnetId } = instance;
    instance.activity = group.activities.begin({
      description: `Launching a new EC2 instance${toPool ? ' into warm pool' : ''}: ${instanceId}`,
      cause: options.cause,
      status: 'PreInService',
      instanceId,
      availabilityZone,
      subnetId,
    });
    group.instances.set(instanceId, instance);
    this.note(instance, undefined);
    try {
      instance.machine = group.cloud.machines.launch(
        {
          instanceId,
          imageId: template.imageId,
          instanceType: instance.instanceType,
          availabilityZone,
          market: instance.market,
          userData: template.userData,
          targetLifecycleState: toPool ? this.poolState() : 'InService',
          prebooted: options.prebooted,
        },
        {
          onRunning: () => this.launched(instance, 'EC2'),
          onFailed: () => this.failed(instance),
        },
      );
    } catch (error) {
      group.instances.delete(instanceId);
      this.launchUnsuccessful(instance, 'Failed', error instanceof Error ? error.message : String(error));
      this.events.onLaunchFailed();
      return undefined;
    }
    return instance;
  }

  /** Takes an instance of the warm pool into service. */
  takeFromPool(instance: GroupInstance, cause: string): void {
    instance.activity = this.beginActivity(
      instance,
      `Launching a new EC2 instance from warm pool: ${instance.instanceId}`,
      cause,
    );
    this.moveTo(instance, 'Pending');
    instance.machine?.setTargetLifecycleState('InService');
    this.supervise(instance, instance.machine?.start(), () => this.launched(instance, 'WarmPool'));
  }

  /**
   * Deregisters it, lets its hooks hold it, and ends it. Does nothing for one that is on its way out already.
   *
   * Whether terminating hooks hold an instance whose launch was abandoned is not documented; they do here, so that
   * nothing ends behind the back of who watches them.
   */
  terminate(instance: GroupInstance, cause: string): void {
    if (instance.isTerminating || instance.isRetained) return;
    const fromPool = instance.isWarm;
    this.leave(instance, `Terminating EC2 instance: ${instance.instanceId}`, cause);
    this.moveTo(instance, fromPool ? 'Warmed:Terminating' : 'Terminating');
    instance.machine?.setTargetLifecycleState(fromPool ? 'Warmed:Terminated' : 'Terminated');
    this.hold(
      instance,
      {
        transition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        waiting: fromPool ? 'Warmed:Terminating:Wait' : 'Terminating:Wait',
        origin: fromPool ? 'WarmPool' : 'AutoScalingGroup',
        destination: 'EC2',
      },
      (result, reason) => {
        if (result === 'ABANDON' && this.group.settings.terminateHookAbandon === 'retain') {
          this.retain(instance, reason);
        } else {
          this.end(instance);
        }
      },
    );
  }

  /** Back to the warm pool instead of an end. Source: user guide, warm pools, "instance reuse policy". */
  returnToPool(instance: GroupInstance, cause: string): void {
    this.leave(instance, `Returning EC2 instance to warm pool: ${instance.instanceId}`, cause);
    this.moveTo(instance, 'Warmed:Pending');
    instance.machine?.setTargetLifecycleState(this.poolState());
    this.hold(
      instance,
      {
        transition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        waiting: 'Warmed:Pending:Wait',
        origin: 'AutoScalingGroup',
        destination: 'WarmPool',
      },
      (result) => {
        if (result === 'CONTINUE') this.rest(instance);
        else this.terminate(instance, `${this.group.stamp()} its return to the warm pool was abandoned.`);
      },
    );
  }

  /**
   * Ends a retained instance. No hook holds it again.
   * Source: user guide, "Control instance retention with instance lifecycle policies".
   */
  terminateRetained(instance: GroupInstance, cause: string): Activity {
    const activity = this.beginActivity(
      instance,
      `Terminating EC2 instance: ${instance.instanceId}`,
      cause,
      'InProgress',
    );
    instance.activity = activity;
    this.end(instance);
    return activity;
  }

  /** EC2 says that its machine does not run any more. */
  failed(instance: GroupInstance): void {
    instance.hasFailed = true;
    this.events.onChange();
  }

  /** Whoever launches it gave up: the machine died, or a hook was abandoned. */
  abandonLaunch(instance: GroupInstance, message: string): void {
    this.launchUnsuccessful(instance, 'Cancelled', message);
    // Before it leaves: its successor must wait.
    this.events.onLaunchFailed();
    this.terminate(
      instance,
      `${this.group.stamp()} an instance was taken out of service in response to a launch failure.`,
    );
  }

  private launched(instance: GroupInstance, origin: 'EC2' | 'WarmPool'): void {
    const toPool = instance.state === 'Warmed:Pending';
    // It may be on its way out by now.
    if (!toPool && instance.state !== 'Pending') return;
    this.hold(
      instance,
      {
        transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        waiting: toPool ? 'Warmed:Pending:Wait' : 'Pending:Wait',
        origin,
        destination: toPool ? 'WarmPool' : 'AutoScalingGroup',
      },
      (result, reason) => {
        if (result === 'ABANDON') this.abandonLaunch(instance, reason);
        else if (toPool) this.rest(instance);
        else this.enterService(instance);
      },
    );
  }

  /** Registered only now. Source: user guide, lifecycle hooks: a launch hook delays the registration. */
  private enterService(instance: GroupInstance): void {
    const { group } = this;
    if (instance.state === 'Pending:Wait') this.moveTo(instance, 'Pending:Proceed');
    if (!group.isSuspended('AddToLoadBalancer')) {
      for (const arn of group.settings.targetGroupArns) {
        group.cloud.targetGroups.register(arn, instance.instanceId);
      }
    }
    instance.inServiceAtMs = group.cloud.clock.nowMs();
    this.moveTo(instance, 'InService');
    this.finishActivity(instance, 'EC2 Instance Launch Successful');
    this.events.onInService(instance);
    this.events.onChange();
  }

  /** Prepared: it waits in the warm pool. */
  private rest(instance: GroupInstance): void {
    if (instance.state === 'Warmed:Pending:Wait') this.moveTo(instance, 'Warmed:Pending:Proceed');
    const stays = this.poolState() === 'Warmed:Running';
    this.supervise(instance, stays ? undefined : instance.machine?.stop(), () => {
      if (instance.state !== 'Warmed:Pending' && instance.state !== 'Warmed:Pending:Proceed') return;
      this.moveTo(instance, this.poolState());
      this.finishActivity(instance, 'EC2 Instance Launch Successful');
      this.events.onChange();
    });
  }

  /** How the service ends its activity then is not documented. */
  private retain(instance: GroupInstance, reason: string): void {
    this.moveTo(instance, instance.isWarm ? 'Warmed:Terminating:Retained' : 'Terminating:Retained');
    if (instance.activity) this.group.activities.update(instance.activity, 'Cancelled', reason);
    instance.activity = undefined;
    this.group.cloud.journal.add({ kind: 'retained', instanceId: instance.instanceId, reason });
    this.events.onChange();
  }

  private end(instance: GroupInstance): void {
    this.moveTo(instance, instance.isWarm ? 'Warmed:Terminating:Proceed' : 'Terminating:Proceed');
    const gone = () => {
      this.moveTo(instance, instance.isWarm ? 'Warmed:Terminated' : 'Terminated');
      this.group.instances.delete(instance.instanceId);
      this.finishActivity(instance, 'EC2 Instance Terminate Successful');
      this.events.onChange();
    };
    void (instance.machine?.terminate() ?? Promise.resolve()).then(gone, gone);
    this.events.onChange();
  }

  /** Out of service: no hook of before holds it, no new connection reaches it, and another activity begins. */
  private leave(instance: GroupInstance, description: string, cause: string): void {
    const { group } = this;
    for (const action of instance.actions) action.cancel();
    instance.actions = [];
    if (instance.activity) group.activities.update(instance.activity, 'Cancelled');
    instance.inServiceAtMs = undefined;
    instance.activity = this.beginActivity(instance, description, cause, 'InProgress');
    // Before any hook waits. Source: user guide, lifecycle hooks.
    for (const arn of group.settings.targetGroupArns) {
      group.cloud.targetGroups.deregister(arn, instance.instanceId);
    }
  }

  private hold(instance: GroupInstance, wait: HookWait, then: HookEnd): void {
    if (!this.hooks.exist(wait)) {
      then('CONTINUE', '');
      return;
    }
    this.moveTo(instance, wait.waiting);
    if (instance.activity) this.group.activities.update(instance.activity, 'MidLifecycleAction');
    this.hooks.hold(instance, wait, then);
  }

  private poolState(): 'Warmed:Stopped' | 'Warmed:Running' {
    return this.group.warmPoolState === 'Running' ? 'Warmed:Running' : 'Warmed:Stopped';
  }

  private beginActivity(
    { instanceId, availabilityZone, subnetId }: GroupInstance,
    description: string,
    cause: string,
    status: 'PreInService' | 'InProgress' = 'PreInService',
  ): Activity {
    return this.group.activities.begin({
      description,
      cause,
      status,
      instanceId,
      availabilityZone,
      subnetId,
    });
  }

  private finishActivity(instance: GroupInstance, detailType: string): void {
    const { activity } = instance;
    if (!activity) return;
    instance.activity = undefined;
    this.group.activities.update(activity, 'Successful');
    this.publishActivity(instance, activity, detailType, 'InProgress');
  }

  private launchUnsuccessful(instance: GroupInstance, status: 'Failed' | 'Cancelled', message: string): void {
    const { activity } = instance;
    if (!activity) return;
    instance.activity = undefined;
    this.group.activities.update(activity, status, message);
    this.publishActivity(instance, activity, 'EC2 Instance Launch Unsuccessful', 'Failed');
  }

  /** Source: user guide, "Amazon EC2 Auto Scaling event reference": a success says `InProgress` there. */
  private publishActivity(
    { instanceId }: GroupInstance,
    activity: Activity,
    detailType: string,
    statusCode: 'InProgress' | 'Failed',
  ): void {
    this.group.publish(
      detailType,
      {
        StatusCode: statusCode,
        Description: activity.description,
        ActivityId: activity.activityId,
        Details: { 'Availability Zone': activity.availabilityZone, 'Subnet ID': activity.subnetId },
        RequestId: activity.activityId,
        StatusMessage: activity.statusMessage ?? '',
        EndTime: isoSeconds(activity.endedAtMs ?? this.group.cloud.clock.nowMs()),
        EC2InstanceId: instanceId,
        StartTime: isoSeconds(activity.startedAtMs),
        Cause: activity.cause,
      },
      instanceId,
    );
  }

  private moveTo(instance: GroupInstance, to: LifecycleState): void {
    const from = instance.state;
    instance.state = to;
    this.note(instance, from);
  }

  private note({ instanceId, state }: GroupInstance, from: LifecycleState | undefined): void {
    this.group.cloud.journal.add({ kind: 'instance-state', instanceId, from, to: state });
  }

  /** Goes on when a machine has done what it was asked for; one that can't has failed. */
  private supervise(instance: GroupInstance, done: Promise<void> | undefined, then: () => void): void {
    if (!done) {
      then();
      return;
    }
    void done.then(then, () => this.failed(instance));
  }
}
