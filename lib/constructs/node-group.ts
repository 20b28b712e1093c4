import type { CfnUpdatePolicy } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, type IDependable } from 'constructs';
import type { FleetConfig } from '../../core/deployment/fleet-config';
import { acknowledge } from '../acknowledge';
import type { FleetNetwork } from './fleet-network';

/** Names of the group's lifecycle hooks. */
export interface NodeHooks {
  /** Holds a new instance until its node serves. */
  readonly launch: string;
  /** Holds a leaving instance until its calls have ended or moved. */
  readonly terminate: string;
}

/** An instance that does not serve by then is replaced, seconds. It boots in half a minute. */
const LAUNCH_TIMEOUT_SECONDS = 600;

export interface NodeGroupProps {
  readonly network: FleetNetwork;
  /**
   * Fixed, not generated: dimension of the nodes' metrics, and what events, policies and Lambdas name; as a reference
   * it would be a circle.
   */
  readonly groupName: string;
  readonly hooks: NodeHooks;
  readonly launchTemplate: ec2.CfnLaunchTemplate;
  readonly targetGroupArn: string;
  readonly min: number;
  readonly max: number;
  readonly instances: FleetConfig['instances'];
  readonly spot?: FleetConfig['nodes']['spot'];
  readonly warmPool?: FleetConfig['nodes']['warmPool'];
  readonly warmupSeconds: number;
  readonly heartbeatTimeoutSeconds: number;
  readonly release: FleetConfig['release'];
  /** Alarms that fail a release, by name. */
  readonly releaseAlarms: readonly { readonly name: string; readonly alarm: IDependable }[];
  /** Chooses who leaves. */
  readonly terminationPolicyArn: string;
  /** The permission to call it and such: has to exist before the group does. */
  readonly after: readonly IDependable[];
}

/** The nodes of a region. No instance leaves it before its calls have. */
export class NodeGroup extends Construct {
  readonly group: autoscaling.CfnAutoScalingGroup;

  constructor(scope: Construct, id: string, props: NodeGroupProps) {
    super(scope, id);
    const template = {
      launchTemplateId: props.launchTemplate.ref,
      // A number and not `$Latest`: only a changed property starts an instance refresh.
      version: props.launchTemplate.attrLatestVersionNumber,
    };
    const mixed = props.spot !== undefined || props.instances.length > 1;
    this.group = new autoscaling.CfnAutoScalingGroup(this, 'Group', {
      autoScalingGroupName: props.groupName,
      minSize: String(props.min),
      maxSize: String(props.max),
      // No desiredCapacity: every deployment would reset the group to it.
      vpcZoneIdentifier: props.network.publicSubnetIds,
      ...(mixed ? { mixedInstancesPolicy: mixedInstances(props, template) } : { launchTemplate: template }),
      targetGroupArns: [props.targetGroupArn],
      // EC2, not ELB: a node that is not ready has calls all the same. The sweep reports a node whose process is dead.
      healthCheckType: 'EC2',
      healthCheckGracePeriod: props.warmupSeconds,
      defaultInstanceWarmup: props.warmupSeconds,
      // With spot: a replacement comes before an instance at risk goes.
      capacityRebalance: props.spot !== undefined,
      // In the group and not beside it: no launch can precede the hook, and no deletion take it away first.
      lifecycleHookSpecificationList: [
        {
          lifecycleHookName: props.hooks.launch,
          lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          heartbeatTimeout: LAUNCH_TIMEOUT_SECONDS,
          // A node that never says that it serves never gets into service; a release with a broken image fails.
          defaultResult: 'ABANDON',
        },
        {
          lifecycleHookName: props.hooks.terminate,
          lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
          heartbeatTimeout: props.heartbeatTimeoutSeconds,
          // CONTINUE, the default, would end live calls when nobody completes the hook.
          defaultResult: 'ABANDON',
        },
      ],
      // Lower case. An abandoned instance stays, and somebody is alarmed.
      instanceLifecyclePolicy: { retentionTriggers: { terminateHookAbandon: 'retain' } },
      terminationPolicies: [props.terminationPolicyArn, 'Default'],
      metricsCollection: [{ granularity: '1Minute' }],
      tags: [{ key: 'mediasoup-fleet', value: props.groupName, propagateAtLaunch: true }],
    });
    acknowledgements(this.group);
    this.group.cfnOptions.updatePolicy = updatePolicy(props);
    // cfn-lint (1.51) does not know AutoScalingInstanceRefresh yet; CloudFormation and the CDK do.
    this.group.addMetadata('cfn-lint', { config: { ignore_checks: ['E3016'] } });
    for (const dependency of [...props.after, ...props.releaseAlarms.map(({ alarm }) => alarm)]) {
      this.group.node.addDependency(dependency);
    }
    // Instances need the routes of their subnets.
    this.group.node.addDependency(props.network.routes);
    if (props.warmPool) {
      new autoscaling.CfnWarmPool(this, 'WarmPool', {
        autoScalingGroupName: this.group.ref,
        poolState: 'Stopped',
        minSize: props.warmPool.minSize,
        // A node that has served does not come back: what it wrote lies on its disk.
        instanceReusePolicy: { reuseOnScaleIn: false },
      });
    }
  }
}

function mixedInstances(
  { instances, spot }: NodeGroupProps,
  launchTemplateSpecification: autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty,
): autoscaling.CfnAutoScalingGroup.MixedInstancesPolicyProperty {
  return {
    launchTemplate: {
      launchTemplateSpecification,
      overrides: instances.map(({ type }) => ({ instanceType: type })),
    },
    instancesDistribution: {
      onDemandAllocationStrategy: 'prioritized',
      ...(spot
        ? {
            onDemandBaseCapacity: spot.onDemandBase,
            onDemandPercentageAboveBaseCapacity: spot.onDemandPercentAboveBase,
            spotAllocationStrategy: 'price-capacity-optimized',
          }
        : { onDemandPercentageAboveBaseCapacity: 100 }),
    },
  };
}

/** A release: new nodes first, watched by alarms. CloudFormation rolls back by a second refresh when one goes off. */
function updatePolicy({ release, releaseAlarms, warmupSeconds }: NodeGroupProps): CfnUpdatePolicy {
  return {
    autoScalingInstanceRefresh: {
      strategy: 'Rolling',
      preferences: {
        minHealthyPercentage: 100,
        maxHealthyPercentage: release.maxHealthyPercent,
        instanceWarmup: warmupSeconds,
        skipMatching: true,
        bakeTime: release.bakeMinutes * 60,
        scaleInProtectedInstances: 'Refresh',
        standbyInstances: 'Wait',
        alarmSpecification: { alarms: releaseAlarms.map(({ name }) => name) },
      },
    },
    // Scheduled floors change the group's sizes; a deployment leaves them so.
    autoScalingScheduledAction: { ignoreUnmodifiedGroupSizeProperties: true },
  };
}

function acknowledgements(group: autoscaling.CfnAutoScalingGroup): void {
  const newer =
    'Every type of the capacity table is a Nitro type; the list of the rule ends before the newest.';
  for (const [rule, reason] of Object.entries({
    'AwsSolutions-EC26':
      'The launch template, which the rule can not follow by reference, encrypts its volume.',
    'cdk-validator-cfnguard::autoscaling_group_nitro_instance_override_check': newer,
    'cdk-validator-cfnguard::autoscaling_group_nitro_encryption_in_transit_override_check': newer,
    'AwsSolutions-AS3':
      'EventBridge hears of every launch and termination; a message for each would be noise.',
    'cdk-validator-cfnguard::autoscaling_multiple_az_check':
      'Its subnets lie in two zones or more, which the config demands; the rule looks for names of zones.',
    'cdk-validator-cfnguard::autoscaling_group_elb_healthcheck_required_check':
      'A node that is not ready has calls all the same; the sweep reports nodes whose process is proven dead.',
    'cdk-validator-cfnguard::autoscaling_mixed_instances_policy_multiple_instance_types_check':
      'How many instance types there are is said in the config; one is the simplest to plan with.',
  })) {
    acknowledge(group, rule, reason);
  }
}
