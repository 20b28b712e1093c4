import { Fn, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { InstanceConfig } from '../../core/deployment/fleet-config';
import { NETWORK_PORTS } from '../../core/deployment/network-ports';
import { acknowledge } from '../acknowledge';
import type { FleetNetwork } from './fleet-network';
import { ROOT_DEVICE, ROOT_VOLUME_GIB } from './node-image';
import { nodeUserData } from './user-data';

export interface NodeLaunchTemplateProps {
  readonly network: FleetNetwork;
  readonly fleetName: string;
  readonly amiId: string;
  /** The preferred type first. */
  readonly instances: readonly InstanceConfig[];
  readonly role: iam.Role;
  /** Of the load balancer: may connect to the gateways. */
  readonly loadBalancerSecurityGroup: ec2.SecurityGroup;
  /** Variables of the nodes; no secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroupName: string;
  /** Nodes of other regions connect their pipes too. */
  readonly severalRegions: boolean;
}

/** How a node is launched, and who may reach it. */
export class NodeLaunchTemplate extends Construct {
  readonly securityGroup: ec2.SecurityGroup;
  readonly template: ec2.CfnLaunchTemplate;

  constructor(scope: Construct, id: string, props: NodeLaunchTemplateProps) {
    super(scope, id);
    this.securityGroup = this.nodeSecurityGroup(props);
    const profile = new iam.InstanceProfile(this, 'Profile', { role: props.role });
    const [preferred] = props.instances;
    this.template = new ec2.CfnLaunchTemplate(this, 'Template', {
      launchTemplateData: {
        imageId: props.amiId,
        instanceType: preferred?.type,
        iamInstanceProfile: { arn: profile.instanceProfileArn },
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1, httpEndpoint: 'enabled' },
        networkInterfaces: [
          {
            deviceIndex: 0,
            // Media goes straight to the node.
            associatePublicIpAddress: true,
            ipv6AddressCount: props.network.isDualStack ? 1 : undefined,
            deleteOnTermination: true,
            groups: [this.securityGroup.securityGroupId],
          },
        ],
        blockDeviceMappings: [
          {
            deviceName: ROOT_DEVICE,
            ebs: {
              volumeSize: ROOT_VOLUME_GIB,
              volumeType: 'gp3',
              encrypted: true,
              deleteOnTermination: true,
            },
          },
        ],
        tagSpecifications: ['instance', 'volume'].map((resourceType) => ({
          resourceType,
          tags: [{ key: 'Name', value: `${props.fleetName}-node` }],
        })),
        userData: Fn.base64(
          nodeUserData({
            environment: props.environment,
            instances: props.instances,
            logGroupName: props.logGroupName,
          }),
        ),
      },
    });
    acknowledge(
      this.template,
      'cdk-validator-cfnguard::ec2_launch_template_public_ip_disabled_check',
      'Browsers send their media straight to the nodes.',
    );
    acknowledge(
      this.template,
      'cdk-validator-cfnguard::ec2_launch_template_monitoring_enabled_check',
      'Nodes publish what matters every 10 s themselves; the detailed metrics of EC2 would be paid beside them.',
    );
    Tags.of(this.securityGroup).add('Name', `${props.fleetName}-node`);
  }

  /**
   * Media flows are untracked, and so free of the per-instance allowance of connection tracking, as long as all
   * addresses may come in on the media ports and everything may go out, for IPv4 and for IPv6. Source: EC2 user guide,
   * "Security group connection tracking".
   */
  private nodeSecurityGroup(props: NodeLaunchTemplateProps): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.network.vpc,
      description: 'Nodes: media from everywhere, gateways from the load balancer, links among themselves',
      allowAllOutbound: true,
      allowAllIpv6Outbound: true,
    });
    for (const rule of [
      'AwsSolutions-EC23',
      'cdk-validator-cfnguard::vpc_sg_open_only_to_authorized_ports_check',
    ]) {
      acknowledge(
        group,
        rule,
        'Media ports are for all of the internet, or flows would be tracked and throttled; DTLS and SRTP guard them.',
      );
    }
    acknowledge(
      group,
      'CloudFormation-Validate::W2508',
      "UDP only: the ports of databases among the pipes' are TCP ports, which stay closed.",
    );
    const workers = Math.max(...props.instances.map(({ capacity }) => capacity.vcpus));
    const lastMediaPort = NETWORK_PORTS.mediaBase + workers - 1;
    for (const [peer, version] of [
      [ec2.Peer.anyIpv4(), 'IPv4'],
      [ec2.Peer.anyIpv6(), 'IPv6'],
    ] as const) {
      for (const [port, protocol] of [
        [ec2.Port.udpRange(NETWORK_PORTS.mediaBase, lastMediaPort), 'UDP'],
        [ec2.Port.tcpRange(NETWORK_PORTS.mediaBase, lastMediaPort), 'TCP'],
      ] as const) {
        group.addIngressRule(peer, port, `Media over ${protocol}, ${version}`);
      }
      if (props.severalRegions) {
        group.addIngressRule(
          peer,
          ec2.Port.udpRange(NETWORK_PORTS.pipeMin, NETWORK_PORTS.pipeMax),
          `Pipes from nodes of other regions (SRTP), ${version}`,
        );
      }
    }
    group.addIngressRule(group, ec2.Port.tcp(NETWORK_PORTS.link), 'Links between nodes');
    if (!props.severalRegions) {
      group.addIngressRule(
        group,
        ec2.Port.udpRange(NETWORK_PORTS.pipeMin, NETWORK_PORTS.pipeMax),
        'Pipes between nodes',
      );
    }
    const balancer = props.loadBalancerSecurityGroup;
    group.addIngressRule(balancer, ec2.Port.tcp(NETWORK_PORTS.http), 'Gateways, from the load balancer');
    balancer.addEgressRule(
      group,
      ec2.Port.tcp(NETWORK_PORTS.http),
      'To the gateways, and their health checks',
    );
    return group;
  }
}
