import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct, IDependable } from 'constructs';
import { acknowledge } from '../acknowledge';

/** What a fleet needs of its network, whether it was made for it or was there before. */
export interface FleetNetwork {
  readonly vpc: ec2.IVpc;
  /** Of nodes and load balancer: a route to an internet gateway, and public addresses given at launch. */
  readonly publicSubnets: ec2.SubnetSelection;
  readonly publicSubnetIds: string[];
  /** Of placement store and Lambdas. */
  readonly isolatedSubnets: ec2.SubnetSelection;
  readonly isolatedSubnetIds: string[];
  /** Whether nodes and load balancer get IPv6 addresses too. */
  readonly isDualStack: boolean;
  /** Of the interface endpoints. @default the VPC has its own way to the services */
  readonly endpointSecurityGroup: ec2.ISecurityGroup | undefined;
  /** An instance that is launched before has no way out. */
  readonly routes: IDependable;
}

/** The services that Lambdas in subnets without a way out call, and nodes with private DNS too. */
export const ENDPOINT_SERVICES = {
  AutoScaling: ec2.InterfaceVpcEndpointAwsService.AUTOSCALING,
  SecretsManager: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
} as const;

/** From the VPC and not from groups: with private DNS the nodes, too, reach these services only by the endpoints. */
export function endpointSecurityGroup(scope: Construct, vpc: ec2.IVpc, vpcRange: string): ec2.SecurityGroup {
  const group = new ec2.SecurityGroup(scope, 'EndpointSecurityGroup', {
    vpc,
    description: 'Interface endpoints: HTTPS from within the VPC',
    allowAllOutbound: false,
  });
  acknowledge(
    group,
    'AwsSolutions-EC23',
    "The rule can not read the VPC's own range, which is the only source here.",
  );
  group.addIngressRule(ec2.Peer.ipv4(vpcRange), ec2.Port.tcp(443), 'HTTPS from within the VPC');
  return group;
}
