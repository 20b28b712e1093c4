import { ServiceError } from '../wire/service-error';
import type { AlarmActionTarget, AlarmTrigger } from '../ports/alarm-action';
import type { AutoScalingOptions } from './auto-scaling-options';
import { Group } from './group';
import type { GroupInstance } from './group-instance';
import type { GroupSettings } from './group-settings';
import { uuid } from './ids';
import { executePolicy, type ScalingPolicy } from './scaling-policy';

/** From the notice to the end. Source: EC2 user guide, "Spot Instance interruption notices". */
const SPOT_NOTICE_MS = 120_000;

/** An instance and whose it is. */
export interface OwnedInstance {
  group: Group;
  instance: GroupInstance;
}

/** EC2 Auto Scaling of one account and region. */
export class AutoScaling implements AlarmActionTarget {
  private readonly groupsByName = new Map<string, Group>();

  constructor(readonly cloud: AutoScalingOptions) {}

  /** In the order of their creation. */
  groups(): Group[] {
    return [...this.groupsByName.values()];
  }

  /** @throws ServiceError when there is none of that name */
  group(name: string): Group {
    const group = this.groupsByName.get(name);
    if (!group) {
      throw new ServiceError(
        'ValidationError',
        `AutoScalingGroup name not found - AutoScalingGroup: ${name} not found`,
      );
    }
    return group;
  }

  /** Undefined when no group has it, or it has ended. */
  findInstance(instanceId: string): OwnedInstance | undefined {
    for (const group of this.groups()) {
      const instance = group.state.instances.get(instanceId);
      if (instance) return { group, instance };
    }
    return undefined;
  }

  /** @throws ServiceError when no group has it */
  instance(instanceId: string): OwnedInstance {
    const owned = this.findInstance(instanceId);
    if (!owned) {
      throw new ServiceError(
        'ValidationError',
        `Instance Id not found - No managed instance found for instance ID: ${instanceId}`,
      );
    }
    return owned;
  }

  /** @throws ServiceError when the name is taken */
  createGroup(settings: GroupSettings): Group {
    if (this.groupsByName.has(settings.name)) {
      throw new ServiceError(
        'AlreadyExists',
        `AutoScalingGroup by this name already exists - A group with the name ${settings.name} already exists`,
      );
    }
    const group = new Group(this.cloud, settings);
    this.groupsByName.set(settings.name, group);
    group.reconcile();
    return group;
  }

  /** As ForceDelete: its instances end without hooks. Source: API reference, DeleteAutoScalingGroup. Idempotent. */
  deleteGroup(name: string): void {
    const group = this.groupsByName.get(name);
    if (!group) return;
    group.close();
    this.groupsByName.delete(name);
    for (const { machine } of group.state.instances.values()) void machine?.terminate();
  }

  /** Creates or replaces a policy. */
  putPolicy(groupName: string, policy: Omit<ScalingPolicy, 'arn'>): ScalingPolicy {
    const group = this.group(groupName);
    const { identity, random } = this.cloud;
    const arn =
      group.policies.get(policy.name)?.arn ??
      `arn:${identity.partition}:autoscaling:${identity.region}:${identity.account}:scalingPolicy:` +
        `${uuid(random)}:autoScalingGroupName/${groupName}:policyName/${policy.name}`;
    const put = { ...policy, arn };
    group.policies.set(policy.name, put);
    return put;
  }

  findPolicy(arn: string): { group: Group; policy: ScalingPolicy } | undefined {
    for (const group of this.groups()) {
      for (const policy of group.policies.values()) if (policy.arn === arn) return { group, policy };
    }
    return undefined;
  }

  /** An alarm's action: only ALARM scales, and only while AlarmNotification is not suspended. */
  perform(actionArn: string, trigger: AlarmTrigger): boolean {
    const found = this.findPolicy(actionArn);
    if (!found) return false;
    const { group, policy } = found;
    if (trigger.state !== 'ALARM') return true;
    if (group.state.isSuspended('AlarmNotification')) {
      this.cloud.journal.add({
        kind: 'policy',
        policyName: policy.name,
        alarmName: trigger.alarmName,
        adjustment: 0,
        outcome: 'suspended',
      });
      return true;
    }
    executePolicy(group.state, policy, trigger);
    group.reconcile();
    return true;
  }

  /**
   * EC2 takes a spot instance back in two minutes, whatever hooks say; Auto Scaling then replaces it.
   * @throws ServiceError when it is no spot instance of a group
   */
  interruptSpot(instanceId: string): void {
    const { group, instance } = this.spotInstance(instanceId);
    const { clock } = this.cloud;
    instance.machine?.announceInterruption(clock.nowMs() + SPOT_NOTICE_MS);
    this.recommendRebalance(instanceId);
    this.publishEc2(instance, 'EC2 Spot Instance Interruption Warning', { 'instance-action': 'terminate' });
    clock.setTimer(SPOT_NOTICE_MS, () => {
      const gone = () => group.lifecycle.failed(instance);
      void (instance.machine?.terminate() ?? Promise.resolve()).then(gone, gone);
    });
  }

  /**
   * EC2 sees a spot instance at risk. With capacity rebalancing its replacement comes first.
   * Source: user guide, "Use Capacity Rebalancing".
   * @throws ServiceError when it is no spot instance of a group
   */
  recommendRebalance(instanceId: string): void {
    const { group, instance } = this.spotInstance(instanceId);
    this.publishEc2(instance, 'EC2 Instance Rebalance Recommendation', {});
    instance.isAtRisk = true;
    group.reconcile();
  }

  /** Idempotent. */
  close(): void {
    for (const group of this.groups()) group.close();
  }

  private spotInstance(instanceId: string): OwnedInstance {
    const owned = this.instance(instanceId);
    if (owned.instance.market !== 'spot') {
      throw new ServiceError('ValidationError', `${instanceId} is not a Spot Instance`);
    }
    return owned;
  }

  private publishEc2(
    { instanceId, availabilityZone }: GroupInstance,
    detailType: string,
    detail: Record<string, unknown>,
  ): void {
    this.cloud.eventBus.publish({
      source: 'aws.ec2',
      detailType,
      detail: { 'instance-id': instanceId, ...detail },
      // So, without an account, in the EC2 user guide's examples.
      resources: [`arn:${this.cloud.identity.partition}:ec2:${availabilityZone}:instance/${instanceId}`],
    });
  }
}
