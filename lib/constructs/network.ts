import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
import { ENDPOINT_SERVICES, endpointSecurityGroup, type FleetNetwork } from './fleet-network';
import { logGroup } from './log-group';

export interface NetworkProps {
  /** Zones of the region to use, at least two. */
  readonly availabilityZones: string[];
  /** How long the log of refused connections is kept, days. */
  readonly logRetentionDays: number;
}

/**
 * A dual-stack VPC: public subnets for nodes and load balancer, isolated ones for the placement store and the Lambdas.
 * No NAT gateway: nodes have public addresses of their own, and the Lambdas need two services only, through endpoints.
 */
export class Network extends Construct implements FleetNetwork {
  readonly vpc: ec2.Vpc;
  readonly publicSubnets: ec2.SubnetSelection = { subnetGroupName: 'node' };
  readonly isolatedSubnets: ec2.SubnetSelection = { subnetGroupName: 'isolated' };
  readonly isDualStack = true;
  readonly endpointSecurityGroup: ec2.SecurityGroup;
  /** All of it: routes are resources of their own. */
  readonly routes = this;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      availabilityZones: props.availabilityZones,
      ipProtocol: ec2.IpProtocol.DUAL_STACK,
      ipAddresses: ec2.IpAddresses.cidr('10.0.0.0/16'),
      natGateways: 0,
      // Its custom resource would be one more Lambda; nothing of ours uses the default group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        // mapPublicIpOnLaunch: the instance that bakes the image has no other way to get an address.
        { name: 'node', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: true },
        { name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 22 },
      ],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
    acknowledge(
      this.vpc,
      'CloudFormation-Validate::W3010',
      'The zones are listed in the config: synthesis looks nothing up, and a new zone of AWS moves no subnet.',
    );
    acknowledge(
      this.vpc,
      'cdk-validator-cfnguard::subnet_auto_assign_public_ip_disabled_check',
      'Nodes send media from public addresses of their own; nothing else is in these subnets.',
    );
    this.vpc.addFlowLog('Refused', {
      // Accepted media flows would cost more to log than to send.
      trafficType: ec2.FlowLogTrafficType.REJECT,
      destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup(this, 'FlowLog', props)),
    });

    this.endpointSecurityGroup = endpointSecurityGroup(this, this.vpc, this.vpc.vpcCidrBlock);
    for (const [name, service] of Object.entries(ENDPOINT_SERVICES)) {
      this.vpc.addInterfaceEndpoint(`${name}Endpoint`, {
        service,
        subnets: this.isolatedSubnets,
        securityGroups: [this.endpointSecurityGroup],
        open: false,
      });
    }
  }

  get publicSubnetIds(): string[] {
    return this.vpc.selectSubnets(this.publicSubnets).subnetIds;
  }

  get isolatedSubnetIds(): string[] {
    return this.vpc.selectSubnets(this.isolatedSubnets).subnetIds;
  }
}
