import { Fn } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { NETWORK_PORTS } from '../../core/deployment/network-ports';
import { fleetAlarm, type FleetAlarmProps } from './alarm';
import type { FleetNetwork } from './fleet-network';

export interface PlacementStoreProps {
  readonly network: FleetNetwork;
  /** ElastiCache node type, e.g. cache.t4g.small. */
  readonly nodeType: string;
  /** Beside the primary, at least 1. */
  readonly replicas: number;
  /** JSON with the AUTH token under `current`. */
  readonly authSecret: secretsmanager.ISecret;
  /** Gets alarms, and the store's own events (failover, maintenance). */
  readonly alarmTopic: sns.ITopic;
}

/**
 * The index of rooms: a Valkey replication group over several zones, with TLS and AUTH. It holds nothing that the nodes
 * could not write again, so it keeps no snapshots.
 */
export class PlacementStore extends Construct {
  readonly securityGroup: ec2.SecurityGroup;
  /** Host name of the primary; follows a failover. */
  readonly host: string;
  readonly port: number = NETWORK_PORTS.store;
  readonly replicationGroup: elasticache.CfnReplicationGroup;
  /** Ids of the cache clusters, for their metrics. */
  readonly memberIds: string[];

  constructor(scope: Construct, id: string, props: PlacementStoreProps) {
    super(scope, id);
    const { network } = props;
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: network.vpc,
      description: 'Placement store: reached by nodes and Lambdas',
      allowAllOutbound: false,
    });
    const subnetGroup = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: 'Isolated subnets of the placement store',
      subnetIds: network.isolatedSubnetIds,
    });
    const parameters = new elasticache.CfnParameterGroup(this, 'Parameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: 'Placement store: no key may ever be evicted',
      properties: { 'maxmemory-policy': 'noeviction' },
    });
    this.replicationGroup = new elasticache.CfnReplicationGroup(this, 'ReplicationGroup', {
      replicationGroupDescription: 'mediasoup-fleet placement store',
      engine: 'valkey',
      engineVersion: '8.1',
      cacheNodeType: props.nodeType,
      cacheParameterGroupName: parameters.ref,
      cacheSubnetGroupName: subnetGroup.ref,
      securityGroupIds: [this.securityGroup.securityGroupId],
      port: this.port,
      numCacheClusters: 1 + props.replicas,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      atRestEncryptionEnabled: true,
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      authToken: props.authSecret.secretValueFromJson('current').unsafeUnwrap(),
      autoMinorVersionUpgrade: true,
      snapshotRetentionLimit: 0,
      notificationTopicArn: props.alarmTopic.topicArn,
    });
    // With cluster mode off there is no configuration endpoint.
    this.host = this.replicationGroup.attrPrimaryEndPointAddress;
    this.memberIds = Array.from({ length: 1 + props.replicas }, (_, index) =>
      Fn.join('-', [this.replicationGroup.ref, String(index + 1).padStart(3, '0')]),
    );
    this.memberIds.forEach((member, index) => this.alarms(member, index + 1, props.alarmTopic.topicArn));
  }

  /** Lets a group connect, by rules beside that group, which may be of a later stack. */
  allowFrom(scope: Construct, id: string, group: ec2.ISecurityGroup, who: string): void {
    new ec2.CfnSecurityGroupIngress(scope, id, {
      groupId: this.securityGroup.securityGroupId,
      sourceSecurityGroupId: group.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: this.port,
      toPort: this.port,
      description: `Placement store from ${who}`,
    });
  }

  private alarms(member: string, number: number, topicArn: string): void {
    const alarm = (
      name: string,
      metricName: string,
      more: Pick<FleetAlarmProps, 'description' | 'comparison' | 'threshold'>,
    ) =>
      fleetAlarm(this, `${name}${number}`, {
        ...more,
        actions: [topicArn],
        evaluationPeriods: 3,
        // A replaced member has a gap; the failover itself is told by the store's events.
        missingData: 'notBreaching',
        metric: {
          namespace: 'AWS/ElastiCache',
          name: metricName,
          dimensions: { CacheClusterId: member },
          statistic: 'Maximum',
          periodSeconds: 60,
        },
      });
    alarm('Cpu', 'EngineCPUUtilization', {
      description: 'The placement store is short of CPU: joins get slow. Runbook: placement store, CPU.',
      comparison: 'GreaterThanThreshold',
      threshold: 70,
    });
    alarm('Memory', 'DatabaseMemoryUsagePercentage', {
      description:
        'The placement store fills up: at 100 % no room can start. Runbook: placement store, memory.',
      comparison: 'GreaterThanThreshold',
      threshold: 70,
    });
    alarm('Lag', 'ReplicationLag', {
      description:
        'A replica of the placement store is behind: a failover now loses writes. Runbook: placement store, lag.',
      comparison: 'GreaterThanThreshold',
      threshold: 5,
    });
  }
}
