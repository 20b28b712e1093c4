import { CfnOutput } from 'aws-cdk-lib';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { FleetConfig, RegionConfig } from '../../core/deployment/fleet-config';
import { NETWORK_PORTS } from '../../core/deployment/network-ports';
import { FleetAlarms } from './fleet-alarms';
import type { FleetNetwork } from './fleet-network';
import type { SharedSecretSet } from './fleet-secrets';
import { NodeLaunchTemplate } from './launch-template';
import { Lifecycle } from './lifecycle';
import { LoadBalancer, regionUrl } from './load-balancer';
import { logGroup } from './log-group';
import { NodeGroup, type NodeHooks } from './node-group';
import { NodeImage } from './node-image';
import { nodeRole } from './node-role';
import type { PlacementStore } from './placement-store';
import { Scaling } from './scaling';

export interface NodeFleetProps {
  readonly network: FleetNetwork;
  readonly store: PlacementStore;
  readonly storeSecret: secretsmanager.ISecret;
  readonly sharedSecrets: SharedSecretSet;
  readonly alarmTopic: sns.ITopic;
  readonly config: FleetConfig;
  readonly region: RegionConfig;
  /** Folder with the image bundle. */
  readonly imageBundle: string;
  /** Differs from deployment to deployment. */
  readonly deploymentId: string;
}

/** The nodes of one region with all that makes, balances, scales and empties them. One stack, or a part of one. */
export class NodeFleet extends Construct {
  readonly groupName: string;
  readonly loadBalancer: LoadBalancer;
  readonly image: NodeImage;
  readonly nodeGroup: NodeGroup;
  readonly lifecycle: Lifecycle;

  constructor(scope: Construct, id: string, props: NodeFleetProps) {
    super(scope, id);
    const { config, region, network, store, alarmTopic } = props;
    const { logRetentionDays } = config;
    this.groupName = `${config.name}-nodes`;
    const hooks = { launch: `${config.name}-serve`, terminate: `${config.name}-drain` };

    this.image = new NodeImage(this, 'Image', {
      network,
      fleetName: config.name,
      architecture: config.architecture,
      baseImage: region.baseImage,
      revision: config.image.revision,
      bundleDir: props.imageBundle,
    });
    this.loadBalancer = new LoadBalancer(this, 'LoadBalancer', {
      network,
      domainName: config.domain.name,
      hostedZoneId: config.domain.hostedZoneId,
      certificateArn: config.domain.certificateArn,
      region: region.name,
      longestDrainMinutes: Math.max(config.drain.scaleInMinutes, config.drain.imageRollMinutes),
    });
    const log = logGroup(this, 'NodeLog', {
      logRetentionDays,
      name: `/mediasoup-fleet/${config.name}/nodes`,
    });
    const { link, token, adminToken } = props.sharedSecrets;
    const role = nodeRole(this, 'NodeRole', {
      groupName: this.groupName,
      secrets: [props.storeSecret, link, token, adminToken],
      log,
    });
    const launch = new NodeLaunchTemplate(this, 'Launch', {
      network,
      fleetName: config.name,
      amiId: this.image.amiId,
      instances: config.instances,
      role,
      loadBalancerSecurityGroup: this.loadBalancer.securityGroup,
      environment: this.nodeEnvironment(props, hooks),
      logGroupName: log.logGroupName,
      severalRegions: config.regions.length > 1,
    });
    store.allowFrom(this, 'StoreFromNodes', launch.securityGroup, 'nodes');
    const alarms = new FleetAlarms(this, 'Alarms', {
      groupName: this.groupName,
      max: region.max,
      loadBalancer: this.loadBalancer,
      topicArn: alarmTopic.topicArn,
    });
    this.lifecycle = new Lifecycle(this, 'Lifecycle', {
      network,
      store,
      storeSecret: props.storeSecret,
      groupName: this.groupName,
      hookName: hooks.terminate,
      keyPrefix: config.name,
      drain: config.drain,
      logRetentionDays,
      alarmTopic,
    });
    this.nodeGroup = new NodeGroup(this, 'Nodes', {
      network,
      groupName: this.groupName,
      hooks,
      launchTemplate: launch.template,
      targetGroupArn: this.loadBalancer.targetGroup.ref,
      min: region.min,
      max: region.max,
      instances: config.instances,
      spot: config.nodes.spot,
      warmPool: config.nodes.warmPool,
      warmupSeconds: config.scaling.warmupSeconds,
      heartbeatTimeoutSeconds: config.drain.heartbeatTimeoutSeconds,
      release: config.release,
      releaseAlarms: alarms.release,
      terminationPolicyArn: this.lifecycle.terminationPolicy.function.functionArn,
      // The role's policy too: an instance that can not read its secrets does not start.
      after: [this.lifecycle.terminationPolicyPermission, role],
    });
    this.lifecycle.watch(this.nodeGroup.group, {
      spot: config.nodes.spot !== undefined,
      deploymentId: props.deploymentId,
    });
    new Scaling(this, 'Scaling', {
      groupName: this.groupName,
      group: this.nodeGroup.group,
      scaling: config.scaling,
      instances: config.instances,
    });
    this.outputs(props);
  }

  /** Everything that a node does not find out by itself from its instance's metadata. */
  private nodeEnvironment(props: NodeFleetProps, hooks: NodeHooks): Record<string, string> {
    const { config, region, store, sharedSecrets } = props;
    return {
      FLEET_AWS: '1',
      FLEET_REGION: region.name,
      ...(config.regions.length > 1 && { FLEET_REGION_URLS: JSON.stringify(regionUrls(config)) }),
      FLEET_REDIS_URL: `rediss://${store.host}:${store.port}`,
      FLEET_REDIS_PREFIX: config.name,
      FLEET_REDIS_SECRET_ARN: props.storeSecret.secretArn,
      FLEET_LINK_SECRET_ARN: sharedSecrets.link.secretArn,
      FLEET_TOKEN_KEYS_SECRET_ARN: sharedSecrets.token.secretArn,
      FLEET_ADMIN_TOKEN_KEYS_SECRET_ARN: sharedSecrets.adminToken.secretArn,
      FLEET_AWS_ASG_NAME: this.groupName,
      FLEET_AWS_LAUNCH_HOOK: hooks.launch,
      FLEET_AWS_TERMINATE_HOOK: hooks.terminate,
      FLEET_AWS_HOOK_HEARTBEAT_SECONDS: String(config.drain.heartbeatTimeoutSeconds),
      FLEET_AWS_DRAIN_MINUTES: String(config.drain.scaleInMinutes),
      // Nothing else sends from an instance of ours.
      FLEET_EGRESS_INTERFACES: 'all',
      FLEET_AUTH: 'token',
      FLEET_LISTEN_HOST: '0.0.0.0',
      FLEET_HTTP_PORT: String(NETWORK_PORTS.http),
      FLEET_LINK_HOST: '0.0.0.0',
      FLEET_LINK_PORT: String(NETWORK_PORTS.link),
      FLEET_MEDIA_LISTEN_IP: '0.0.0.0',
      FLEET_MEDIA_PORT_BASE: String(NETWORK_PORTS.mediaBase),
      FLEET_PIPE_PORT_MIN: String(NETWORK_PORTS.pipeMin),
      FLEET_PIPE_PORT_MAX: String(NETWORK_PORTS.pipeMax),
      FLEET_WEB_ROOT: '/opt/mediasoup-fleet/app/web',
    };
  }

  private outputs({ sharedSecrets }: NodeFleetProps): void {
    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, name, { value, description });
    output('Url', this.loadBalancer.url, 'What browsers connect to');
    if (this.loadBalancer.regionUrl !== undefined) {
      output('RegionUrl', this.loadBalancer.regionUrl, 'The same, of this region alone');
    }
    output(
      'LoadBalancerName',
      this.loadBalancer.balancer.loadBalancerDnsName,
      'To point a name at by yourself',
    );
    output('GroupName', this.groupName, 'The Auto Scaling group of the nodes');
    output('TokenSecretArn', sharedSecrets.token.secretArn, 'For `fleet token --secret-arn`: peers');
    output(
      'AdminTokenSecretArn',
      sharedSecrets.adminToken.secretArn,
      'For `fleet token --operator --secret-arn`',
    );
  }
}

function regionUrls({ regions, domain }: FleetConfig): Record<string, string> {
  return Object.fromEntries(
    regions.map(({ name }) => [name, regionUrl({ region: name, domainName: domain.name })]),
  );
}
