import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { FleetConfig } from '../../core/deployment/fleet-config';
import { acknowledge } from '../acknowledge';
import { Caretaker } from './caretaker';
import type { FleetNetwork } from './fleet-network';
import { acknowledgeGroupArn, groupArn } from './group-arn';
import type { PlacementStore } from './placement-store';

export interface LifecycleProps {
  readonly network: FleetNetwork;
  readonly store: PlacementStore;
  readonly storeSecret: secretsmanager.ISecret;
  readonly groupName: string;
  readonly hookName: string;
  /** Of the keys in the placement store. */
  readonly keyPrefix: string;
  readonly drain: FleetConfig['drain'];
  readonly logRetentionDays: number;
  readonly alarmTopic: sns.ITopic;
}

/** What Auto Scaling does by itself that would move or end calls. */
const SUSPENDED_PROCESSES = ['AZRebalance'];

/**
 * The Lambdas that see an instance out, and what calls them. Made in two steps, since the group needs the termination
 * policy before it exists, and the events and the suspension come after it.
 */
export class Lifecycle extends Construct {
  /** Auto Scaling's service-linked role may call it. */
  readonly terminationPolicyPermission: lambda.CfnPermission;
  readonly drain: Caretaker;
  readonly terminationPolicy: Caretaker;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: LifecycleProps,
  ) {
    super(scope, id);
    const { network, store, groupName } = props;
    const securityGroup = this.caretakerSecurityGroup();
    const inVpc = { vpc: network.vpc, subnets: network.isolatedSubnets, securityGroup };
    const environment = {
      FLEET_REDIS_ENDPOINT: `${store.host}:${store.port}`,
      FLEET_REDIS_SECRET_ARN: props.storeSecret.secretArn,
      FLEET_REDIS_PREFIX: props.keyPrefix,
      FLEET_ASG_NAME: groupName,
      FLEET_HOOK_NAME: props.hookName,
      FLEET_DRAIN_SCALE_IN_MINUTES: String(props.drain.scaleInMinutes),
      FLEET_DRAIN_IMAGE_ROLL_MINUTES: String(props.drain.imageRollMinutes),
    };
    const shared = {
      environment,
      inVpc,
      logRetentionDays: props.logRetentionDays,
      alarmTopic: props.alarmTopic,
    };

    this.drain = new Caretaker(this, 'Drain', {
      ...shared,
      name: 'lifecycle-drain',
      description: `Empties the leaving nodes of ${groupName}, and then lets them end`,
      timeoutSeconds: 60,
      memoryMiB: 256,
      deadLetters: true,
      statements: [
        new iam.PolicyStatement({
          actions: [
            'autoscaling:CompleteLifecycleAction',
            'autoscaling:RecordLifecycleActionHeartbeat',
            'autoscaling:SetInstanceHealth',
            'autoscaling:TerminateInstanceInAutoScalingGroup',
          ],
          resources: [groupArn(this, this.props.groupName)],
        }),
        this.describe([
          'autoscaling:DescribeAutoScalingGroups',
          'autoscaling:DescribeLifecycleHooks',
          'autoscaling:DescribeWarmPool',
        ]),
        this.readStoreSecret(),
      ],
    });
    acknowledgeGroupArn(this.drain, groupName);
    acknowledge(
      this.drain,
      'AwsSolutions-IAM5[Resource::*]',
      "Auto Scaling's describe actions can not be limited to a resource.",
    );

    this.terminationPolicy = new Caretaker(this, 'TerminationPolicy', {
      ...shared,
      name: 'termination-policy',
      description: `Chooses the nodes of ${groupName} that are cheapest to empty`,
      // The service gives it 2 s in all.
      timeoutSeconds: 2,
      // Processor time goes with memory: what a cold start is short of.
      memoryMiB: 1_024,
      statements: [this.readStoreSecret()],
    });
    const { partition, account } = Stack.of(this);
    this.terminationPolicyPermission = new lambda.CfnPermission(this, 'TerminationPolicyPermission', {
      action: 'lambda:InvokeFunction',
      functionName: this.terminationPolicy.function.functionArn,
      principal: `arn:${partition}:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    });
  }

  /** Calls the drain for everything that may take an instance of the group, and suspends what must not. */
  watch(group: autoscaling.CfnAutoScalingGroup, options: { spot: boolean; deploymentId: string }): void {
    this.terminationEvents();
    if (options.spot) {
      // These events name no group: the Lambda asks whose the instance is.
      this.rule('SpotInterruption', {
        source: ['aws.ec2'],
        detailType: ['EC2 Spot Instance Interruption Warning'],
      });
      this.rule('Rebalance', { source: ['aws.ec2'], detailType: ['EC2 Instance Rebalance Recommendation'] });
    }
    new events.Rule(this, 'Sweep', {
      description: 'Repeats what an event that got lost should have done, and keeps the heartbeats going',
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [this.target()],
    });
    this.suspend(group, options.deploymentId);
  }

  private terminationEvents(): void {
    const terminate = (id: string, description: string, origin: string) =>
      this.rule(
        id,
        {
          source: ['aws.autoscaling'],
          detailType: ['EC2 Instance-terminate Lifecycle Action'],
          detail: {
            AutoScalingGroupName: [this.props.groupName],
            LifecycleHookName: [this.props.hookName],
            Origin: [origin],
            // An instance may go back to its pool instead of ending: its calls have to end all the same.
            Destination: ['EC2', 'WarmPool'],
          },
        },
        description,
      );
    terminate('Terminating', 'A node leaves the group', 'AutoScalingGroup');
    // The hook holds these too, and abandoned they would be retained: they have no calls and are let go at once.
    terminate('WarmTerminating', 'A stopped instance leaves the warm pool', 'WarmPool');
  }

  private rule(id: string, eventPattern: events.EventPattern, description?: string): void {
    new events.Rule(this, id, { description, eventPattern, targets: [this.target()] });
  }

  private target(): LambdaFunction {
    return new LambdaFunction(this.drain.function, {
      deadLetterQueue: this.drain.deadLetterQueue,
      retryAttempts: 8,
      // After it the sweep has long done it.
      maxEventAge: Duration.minutes(30),
    });
  }

  /** On every deployment: CloudFormation has no property for it, and whoever resumed it by hand should not win. */
  private suspend(group: autoscaling.CfnAutoScalingGroup, deploymentId: string): void {
    // Outside of the VPC: from isolated subnets it could not answer CloudFormation.
    const caretaker = new Caretaker(this, 'Suspend', {
      name: 'suspend-processes',
      description: `Keeps ${SUSPENDED_PROCESSES.join(', ')} of ${this.props.groupName} suspended`,
      environment: {},
      timeoutSeconds: 60,
      memoryMiB: 256,
      logRetentionDays: this.props.logRetentionDays,
      alarmTopic: this.props.alarmTopic,
      statements: [
        new iam.PolicyStatement({
          actions: ['autoscaling:SuspendProcesses'],
          resources: [groupArn(this, this.props.groupName)],
        }),
      ],
    });
    acknowledgeGroupArn(caretaker, this.props.groupName);
    new CustomResource(this, 'SuspendedProcesses', {
      serviceToken: caretaker.function.functionArn,
      resourceType: 'Custom::SuspendedProcesses',
      properties: {
        AutoScalingGroupName: group.ref,
        ScalingProcesses: SUSPENDED_PROCESSES,
        DeploymentId: deploymentId,
      },
    });
  }

  /** To the placement store and to the endpoints, and nowhere else. */
  private caretakerSecurityGroup(): ec2.SecurityGroup {
    const { network, store } = this.props;
    const group = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: network.vpc,
      description: 'Lambdas that see nodes out',
      allowAllOutbound: false,
    });
    group.addEgressRule(
      ec2.Peer.securityGroupId(store.securityGroup.securityGroupId),
      ec2.Port.tcp(store.port),
      'Placement store',
    );
    group.addEgressRule(
      network.endpointSecurityGroup
        ? ec2.Peer.securityGroupId(network.endpointSecurityGroup.securityGroupId)
        : ec2.Peer.anyIpv4(),
      ec2.Port.tcp(443),
      'Auto Scaling and Secrets Manager',
    );
    store.allowFrom(this, 'StoreFromCaretakers', group, 'Lambdas');
    return group;
  }

  private describe(actions: string[]): iam.PolicyStatement {
    return new iam.PolicyStatement({ actions, resources: ['*'] });
  }

  private readStoreSecret(): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [this.props.storeSecret.secretArn],
    });
  }
}
