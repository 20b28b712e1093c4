import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { hex } from '../ids';
import type { CreatedResource, ResourceInput, ResourceType } from '../../ports/resource-type';
import { templateBoolean, templateNumber } from '../../template-values';
import type { AutoScaling } from '../auto-scaling';
import { changeGroup } from '../change-group';
import type { Group } from '../group';
import { GROUP_METRICS } from '../group-metrics';
import type { GroupSettings, Subnet } from '../group-settings';
import { readLaunch } from '../read-launch';
import { readRefreshPreferences } from '../read-refresh-preferences';

const template = z.object({
  LaunchTemplateId: z.string().optional(),
  LaunchTemplateName: z.string().optional(),
  Version: z.string(),
});

const properties = z.object({
  AutoScalingGroupName: z.string().optional(),
  MinSize: templateNumber,
  MaxSize: templateNumber,
  DesiredCapacity: templateNumber.optional(),
  LaunchTemplate: template.optional(),
  MixedInstancesPolicy: z
    .object({
      LaunchTemplate: z.object({
        LaunchTemplateSpecification: template,
        Overrides: z.array(z.object({ InstanceType: z.string() })).optional(),
      }),
      InstancesDistribution: z
        .object({
          OnDemandBaseCapacity: templateNumber.optional(),
          OnDemandPercentageAboveBaseCapacity: templateNumber.optional(),
        })
        .optional(),
    })
    .optional(),
  VPCZoneIdentifier: z.array(z.string()).optional(),
  AvailabilityZones: z.array(z.string()).optional(),
  TargetGroupARNs: z.array(z.string()).default([]),
  LifecycleHookSpecificationList: z
    .array(
      z.object({
        LifecycleHookName: z.string(),
        LifecycleTransition: z.enum([
          'autoscaling:EC2_INSTANCE_LAUNCHING',
          'autoscaling:EC2_INSTANCE_TERMINATING',
        ]),
        HeartbeatTimeout: templateNumber.default(3_600),
        DefaultResult: z.enum(['CONTINUE', 'ABANDON']).default('ABANDON'),
        NotificationMetadata: z.string().optional(),
      }),
    )
    .default([]),
  TerminationPolicies: z.array(z.string()).default(['Default']),
  /** `ELB` is not played: a node that is not ready is not replaced. */
  HealthCheckType: z.literal('EC2').default('EC2'),
  HealthCheckGracePeriod: templateNumber.default(0),
  Cooldown: templateNumber.default(300),
  DefaultInstanceWarmup: templateNumber.optional(),
  CapacityRebalance: templateBoolean.default(false),
  NewInstancesProtectedFromScaleIn: templateBoolean.default(false),
  InstanceLifecyclePolicy: z
    .object({
      RetentionTriggers: z.object({ TerminateHookAbandon: z.enum(['retain', 'terminate']) }),
    })
    .optional(),
  MetricsCollection: z
    .array(z.object({ Granularity: z.literal('1Minute'), Metrics: z.array(z.string()).optional() }))
    .optional(),
  Tags: z
    .array(z.object({ Key: z.string(), Value: z.string(), PropagateAtLaunch: templateBoolean }))
    .default([]),
});

type Properties = z.infer<typeof properties>;

const updatePolicy = z.object({
  AutoScalingInstanceRefresh: z
    .object({
      Preferences: z
        .object({
          MinHealthyPercentage: templateNumber.optional(),
          MaxHealthyPercentage: templateNumber.optional(),
          InstanceWarmup: templateNumber.optional(),
          SkipMatching: templateBoolean.optional(),
          BakeTime: templateNumber.optional(),
          ScaleInProtectedInstances: z.enum(['Refresh', 'Ignore', 'Wait']).optional(),
          AlarmSpecification: z.object({ Alarms: z.array(z.string()) }).optional(),
          CheckpointPercentages: z.array(templateNumber).optional(),
        })
        .default({}),
    })
    .optional(),
  AutoScalingScheduledAction: z
    .object({ IgnoreUnmodifiedGroupSizeProperties: templateBoolean.default(false) })
    .optional(),
});

/** The group of a template. An update that new instances differ by replaces the old ones, as its update policy says. */
export function autoScalingGroupResource(model: AutoScaling): ResourceType<Properties> {
  const names = new Map<string, string>();
  return {
    type: 'AWS::AutoScaling::AutoScalingGroup',
    properties,
    inert: [
      // Capacity never lacks here, so the first type is always taken.
      'MixedInstancesPolicy.InstancesDistribution.OnDemandAllocationStrategy',
      'MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy',
    ],
    create(resource) {
      const name =
        resource.properties.AutoScalingGroupName ??
        `${resource.stackName}-${resource.logicalId}-${hex(model.cloud.random, 12).toUpperCase()}`;
      const group = model.createGroup(settingsOf(name, resource.properties, model));
      names.set(keyOf(resource), name);
      return created(group);
    },
    async update(resource, previous) {
      const group = model.group(names.get(keyOf(resource)) ?? '');
      const policy = updatePolicy.parse(resource.updatePolicy ?? {});
      const keepsSizes = policy.AutoScalingScheduledAction?.IgnoreUnmodifiedGroupSizeProperties ?? false;
      change(group, resource.properties, previous.properties, keepsSizes, model);
      if (policy.AutoScalingInstanceRefresh && makesOthers(resource.properties, previous.properties)) {
        // The one that is stopped fails the update that waits for it.
        group.activeRefresh?.cancel();
        const refresh = await group.startRefresh({
          preferences: readRefreshPreferences(policy.AutoScalingInstanceRefresh.Preferences),
          desiredConfiguration: undefined,
        }).ended;
        if (refresh.status !== 'Successful') {
          throw new Error(
            `Instance refresh ${refresh.refreshId} of ${group.state.settings.name}: ${refresh.status}. ${refresh.statusReason ?? ''}`,
          );
        }
      }
      return created(group);
    },
    remove(resource) {
      model.deleteGroup(names.get(keyOf(resource)) ?? '');
      names.delete(keyOf(resource));
    },
  };
}

function keyOf({ stackName, logicalId }: ResourceInput<Properties>): string {
  return `${stackName}/${logicalId}`;
}

function created({ state }: Group): CreatedResource {
  return { ref: state.settings.name, attributes: { AutoScalingGroupARN: state.arn } };
}

/** Source: CloudFormation's reference, "UpdatePolicy attribute", which changes replace instances. */
function makesOthers(now: Properties, before: Properties): boolean {
  return !(['LaunchTemplate', 'MixedInstancesPolicy', 'VPCZoneIdentifier'] as const).every((name) =>
    isDeepStrictEqual(now[name], before[name]),
  );
}

/** Sizes that scheduled actions have changed stay, when the policy says so and the template has not changed them. */
function change(
  group: Group,
  now: Properties,
  before: Properties,
  keepsSizes: boolean,
  model: AutoScaling,
): void {
  const { name: _name, desiredCapacity, ...settings } = settingsOf(group.state.settings.name, now, model);
  const isKept = (size: 'MinSize' | 'MaxSize' | 'DesiredCapacity') =>
    keepsSizes && now[size] === before[size];
  const { minSize, maxSize } = group.state.settings;
  changeGroup(
    group,
    {
      ...settings,
      ...(isKept('MinSize') && { minSize }),
      ...(isKept('MaxSize') && { maxSize }),
    },
    isKept('DesiredCapacity') ? undefined : desiredCapacity,
  );
}

function settingsOf(name: string, from: Properties, model: AutoScaling): GroupSettings {
  const launch = readLaunch(from);
  model.cloud.launchTemplates.resolve(launch.template);
  return {
    name,
    minSize: from.MinSize,
    maxSize: from.MaxSize,
    desiredCapacity: from.DesiredCapacity,
    launch,
    subnets: subnetsOf(from, model),
    targetGroupArns: from.TargetGroupARNs,
    hooks: from.LifecycleHookSpecificationList.map((hook) => ({
      name: hook.LifecycleHookName,
      transition: hook.LifecycleTransition,
      heartbeatTimeoutSeconds: hook.HeartbeatTimeout,
      defaultResult: hook.DefaultResult,
      notificationMetadata: hook.NotificationMetadata,
    })),
    terminationPolicies: from.TerminationPolicies,
    healthCheckType: from.HealthCheckType,
    healthCheckGracePeriodSeconds: from.HealthCheckGracePeriod,
    defaultCooldownSeconds: from.Cooldown,
    defaultInstanceWarmupSeconds: from.DefaultInstanceWarmup,
    capacityRebalance: from.CapacityRebalance,
    newInstancesProtectedFromScaleIn: from.NewInstancesProtectedFromScaleIn,
    terminateHookAbandon: from.InstanceLifecyclePolicy?.RetentionTriggers.TerminateHookAbandon ?? 'terminate',
    enabledMetrics: from.MetricsCollection?.flatMap(({ Metrics = [] }) =>
      Metrics.length > 0 ? Metrics : [...GROUP_METRICS],
    ),
    tags: from.Tags.map((tag) => ({
      key: tag.Key,
      value: tag.Value,
      propagateAtLaunch: tag.PropagateAtLaunch,
    })),
  };
}

function subnetsOf(
  { VPCZoneIdentifier = [], AvailabilityZones = [] }: Properties,
  model: AutoScaling,
): Subnet[] {
  const subnets = VPCZoneIdentifier.map((subnetId) => {
    const availabilityZone = model.cloud.zoneOfSubnet(subnetId);
    if (availabilityZone === undefined) throw new Error(`there is no subnet ${subnetId}`);
    return { subnetId, availabilityZone };
  });
  if (subnets.length > 0) return subnets;
  if (AvailabilityZones.length === 0) throw new Error('a group needs subnets or zones');
  return AvailabilityZones.map((availabilityZone) => ({ subnetId: undefined, availabilityZone }));
}
