import type { GroupInstance, LifecycleState } from './group-instance';
import type { GroupState } from './group-state';
import { uuid } from './ids';
import { LifecycleAction } from './lifecycle-action';
import type { LifecycleHook, LifecycleResult, LifecycleTransition } from './lifecycle-hook';

type Place = 'EC2' | 'AutoScalingGroup' | 'WarmPool';

/** What hooks hold an instance up in. */
export interface HookWait {
  transition: LifecycleTransition;
  /** Its state meanwhile. */
  waiting: LifecycleState;
  origin: Place;
  destination: Place;
}

/** How it ends; the reason is told in the activity. */
export type HookEnd = (result: LifecycleResult, reason: string) => void;

/** The hooks of a group at work. */
export class HookWaits {
  constructor(private readonly group: GroupState) {}

  exist(wait: Pick<HookWait, 'transition'>): boolean {
    return this.hooksOf(wait).length > 0;
  }

  /**
   * All hooks of a transition hold an instance together; the first ABANDON ends them all.
   * Source: user guide, lifecycle hooks: ABANDON stops any remaining actions, such as other hooks.
   */
  hold(instance: GroupInstance, wait: HookWait, then: HookEnd): void {
    instance.actions = this.hooksOf(wait).map((hook) => this.action(instance, hook, then));
    for (const { hook, token } of instance.actions) this.announce(instance, hook, token, wait);
  }

  note(
    { instanceId }: GroupInstance,
    { name }: LifecycleHook,
    event: 'waits' | 'heartbeat' | 'timed-out' | LifecycleResult,
  ): void {
    this.group.cloud.journal.add({ kind: 'lifecycle-action', instanceId, hookName: name, event });
  }

  private hooksOf({ transition }: Pick<HookWait, 'transition'>): LifecycleHook[] {
    return this.group.settings.hooks.filter((hook) => hook.transition === transition);
  }

  private action(instance: GroupInstance, hook: LifecycleHook, then: HookEnd): LifecycleAction {
    const { clock, random } = this.group.cloud;
    const action: LifecycleAction = new LifecycleAction({
      clock,
      hook,
      token: uuid(random),
      onEnd: (result, why) => {
        if (why === 'timed-out') this.note(instance, hook, 'timed-out');
        this.note(instance, hook, result);
        instance.actions = instance.actions.filter((other) => other !== action);
        if (result === 'ABANDON') {
          for (const other of instance.actions) other.cancel();
          instance.actions = [];
          const how =
            why === 'timed-out' ? 'Heartbeat Timeout' : 'Lifecycle Action Completed with ABANDON Result';
          then(
            result,
            `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${action.token} was abandoned: ${how}`,
          );
        } else if (instance.actions.length === 0) {
          then(result, '');
        }
      },
    });
    return action;
  }

  /** Source: user guide, "Warm pool event types and event patterns", for origin and destination. */
  private announce(instance: GroupInstance, hook: LifecycleHook, token: string, wait: HookWait): void {
    const launching = wait.transition === 'autoscaling:EC2_INSTANCE_LAUNCHING';
    this.note(instance, hook, 'waits');
    this.group.publish(`EC2 Instance-${launching ? 'launch' : 'terminate'} Lifecycle Action`, {
      LifecycleActionToken: token,
      LifecycleHookName: hook.name,
      EC2InstanceId: instance.instanceId,
      LifecycleTransition: wait.transition,
      Origin: wait.origin,
      Destination: wait.destination,
      ...(hook.notificationMetadata !== undefined && { NotificationMetadata: hook.notificationMetadata }),
    });
  }
}
