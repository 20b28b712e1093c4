import { AutoScaling } from '../../../local/cloud/autoscaling/auto-scaling';
import type { AutoScalingOptions } from '../../../local/cloud/autoscaling/auto-scaling-options';
import type { Group } from '../../../local/cloud/autoscaling/group';
import type { GroupSettings } from '../../../local/cloud/autoscaling/group-settings';
import type { GroupInstance } from '../../../local/cloud/autoscaling/group-instance';
import type { LifecycleHook } from '../../../local/cloud/autoscaling/lifecycle-hook';
import type { ScalingPolicy } from '../../../local/cloud/autoscaling/scaling-policy';
import { LaunchTemplates } from '../../../local/cloud/ec2/launch-templates';
import { CloudJournal } from '../../../local/cloud/journal';
import type { AlarmState } from '../../../local/cloud/ports/alarm-action';
import type { BusEvent } from '../../../local/cloud/ports/event-bus';
import type { InvocationResult } from '../../../local/cloud/ports/function-runtime';
import type { MetricValue } from '../../../local/cloud/ports/metric-sink';
import { ManualClock } from '../../helpers/manual-clock';
import { FakeMachines } from './fake-machines';

export const LAUNCH_HOOK: LifecycleHook = {
  name: 'serve',
  transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  heartbeatTimeoutSeconds: 600,
  defaultResult: 'ABANDON',
};

export const TERMINATE_HOOK: LifecycleHook = {
  name: 'drain',
  transition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  heartbeatTimeoutSeconds: 1_800,
  defaultResult: 'ABANDON',
};

export const FUNCTION_ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:termination-policy';

export type TerminationAnswer = (payload: TerminationPayload) => Promise<InvocationResult>;

export interface TerminationPayload {
  AutoScalingGroupARN: string;
  AutoScalingGroupName: string;
  CapacityToTerminate: { AvailabilityZone: string; Capacity: number; InstanceMarketOption: string }[];
  Instances: {
    AvailabilityZone: string;
    InstanceId: string;
    InstanceType: string;
    InstanceMarketOption: string;
  }[];
  Cause: string;
}

/** Auto Scaling with fake machines, on a clock that a test moves. */
export class AutoScalingLab {
  readonly clock = new ManualClock();
  readonly journal = new CloudJournal(this.clock);
  readonly machines = new FakeMachines({ clock: this.clock });
  readonly events: BusEvent[] = [];
  readonly metrics: MetricValue[] = [];
  /** Target group and instance, e.g. `gateways i-1`. */
  readonly registered = new Set<string>();
  readonly activeAlarms = new Set<string>();
  readonly asked: TerminationPayload[] = [];
  readonly launchTemplates = new LaunchTemplates();
  answerTermination: TerminationAnswer = async (payload) => ({
    ok: true,
    payload: { InstanceIDs: payload.Instances.slice(0, 1).map(({ InstanceId }) => InstanceId) },
  });
  readonly model: AutoScaling;
  private seed = 1;

  constructor(options: Pick<AutoScalingOptions, 'prebootNewGroups' | 'realClock'> = {}) {
    this.launchTemplates.create('lt-1', 'node', {
      imageId: 'ami-1',
      instanceType: 'c7gn.large',
      userData: 'dmVyc2lvbiAx',
    });
    this.model = new AutoScaling({
      ...options,
      clock: this.clock,
      journal: this.journal,
      machines: this.machines,
      launchTemplates: this.launchTemplates,
      identity: { region: 'eu-central-1', account: '123456789012', partition: 'aws' },
      targetGroups: {
        register: (arn, id) => this.registered.add(`${arn} ${id}`),
        deregister: (arn, id) => this.registered.delete(`${arn} ${id}`),
      },
      eventBus: { publish: (event) => this.events.push(event) },
      metrics: { record: (values) => this.metrics.push(...values) },
      functions: {
        invoke: (_arn, payload) => {
          this.asked.push(payload as TerminationPayload);
          return this.answerTermination(payload as TerminationPayload);
        },
        invokeLater: () => true,
      },
      random: () => {
        // Park and Miller's: the same ids in every run.
        this.seed = (this.seed * 48_271) % 2_147_483_647;
        return this.seed / 2_147_483_647;
      },
      isAlarmActive: (name) => this.activeAlarms.has(name),
      zoneOfSubnet: (subnetId) => (subnetId.startsWith('subnet-') ? `zone-${subnetId.at(-1)}` : undefined),
    });
  }

  createGroup(settings: Partial<GroupSettings> = {}): Group {
    return this.model.createGroup({
      name: 'nodes',
      minSize: 2,
      maxSize: 10,
      desiredCapacity: undefined,
      launch: { template: { launchTemplateId: 'lt-1', version: '1' }, mixedInstances: undefined },
      subnets: ['a', 'b', 'c'].map((zone) => ({
        subnetId: `subnet-${zone}`,
        availabilityZone: `zone-${zone}`,
      })),
      targetGroupArns: ['gateways'],
      hooks: [],
      terminationPolicies: ['Default'],
      healthCheckType: 'EC2',
      healthCheckGracePeriodSeconds: 60,
      defaultCooldownSeconds: 300,
      defaultInstanceWarmupSeconds: 60,
      capacityRebalance: false,
      newInstancesProtectedFromScaleIn: false,
      terminateHookAbandon: 'terminate',
      enabledMetrics: undefined,
      tags: [],
      ...settings,
    });
  }

  /** Until those that are launched now are in service, and past their warm-up. */
  async settle(): Promise<void> {
    await this.clock.advance(120_000);
  }

  putPolicy(policy: Partial<ScalingPolicy> = {}, groupName = 'nodes'): ScalingPolicy {
    return this.model.putPolicy(groupName, {
      name: 'out',
      adjustmentType: 'ChangeInCapacity',
      steps: [
        { lowerBound: 0, upperBound: 0.15, adjustment: 1 },
        { lowerBound: 0.15, upperBound: undefined, adjustment: 2 },
      ],
      minAdjustmentMagnitude: undefined,
      estimatedInstanceWarmupSeconds: undefined,
      metricAggregationType: 'Average',
      ...policy,
    });
  }

  alarm(
    { arn }: ScalingPolicy,
    metricValue: number | undefined,
    { state = 'ALARM', alarmName = 'busy' }: { state?: AlarmState; alarmName?: string } = {},
  ): boolean {
    return this.model.perform(arn, {
      alarmName,
      alarmArn: `arn:aws:cloudwatch:eu-central-1:123456789012:alarm:${alarmName}`,
      state,
      previousState: 'OK',
      reason: 'test',
      threshold: 0.65,
      metricValue,
      atMs: this.clock.nowMs(),
    });
  }

  eventsOf(detailType: string): BusEvent[] {
    return this.events.filter((event) => event.detailType === detailType);
  }

  /** Completes the hook that holds an instance. */
  complete({ actions, instanceId }: GroupInstance, result: 'CONTINUE' | 'ABANDON'): void {
    const [action] = actions;
    if (!action) throw new Error(`nothing holds ${instanceId}`);
    action.complete(result);
  }
}

export function instancesOf({ state }: Group): GroupInstance[] {
  return [...state.instances.values()];
}

export function statesOf(group: Group): string[] {
  return instancesOf(group).map(({ state }) => state);
}
