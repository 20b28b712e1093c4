import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, type IDependable } from 'constructs';
import { FleetError } from '../../core/errors';
import { ENDPOINT_SERVICES, endpointSecurityGroup, type FleetNetwork } from './fleet-network';

export interface ExistingNetworkProps {
  /**
   * A VPC of the stack's region. Imported without an account (`Vpc.fromVpcAttributes`), it needs its `vpcCidrBlock`,
   * unless `createEndpoints` is false.
   */
  readonly vpc: ec2.IVpc;
  /**
   * Subnets of nodes and load balancer, in two zones or more: with a route to an internet gateway, and giving public
   * addresses at launch, since the instance that bakes the image gets none otherwise.
   * @default all public subnets
   */
  readonly nodeSubnets?: ec2.SubnetSelection;
  /**
   * Subnets of the placement store and the Lambdas, in two zones or more.
   * @default all isolated subnets, or all private ones where there are none
   */
  readonly internalSubnets?: ec2.SubnetSelection;
  /** Whether `nodeSubnets` have IPv6 ranges and routes: nodes and load balancer then have IPv6 addresses too. @default false */
  readonly ipv6?: boolean;
  /**
   * Makes interface endpoints for Auto Scaling and Secrets Manager in `internalSubnets`. False where the VPC has them
   * (private DNS allows each once), or where these subnets reach the services by a NAT gateway.
   * @default true
   */
  readonly createEndpoints?: boolean;
}

/** A network that was there before: nothing in it is changed, at most two endpoints are added. */
export class ExistingNetwork extends Construct implements FleetNetwork {
  readonly vpc: ec2.IVpc;
  readonly publicSubnets: ec2.SubnetSelection;
  readonly publicSubnetIds: string[];
  readonly isolatedSubnets: ec2.SubnetSelection;
  readonly isolatedSubnetIds: string[];
  readonly isDualStack: boolean;
  readonly endpointSecurityGroup: ec2.ISecurityGroup | undefined;
  readonly routes: IDependable;

  /** @throws FleetError FLEET_ERR_CONFIG when the VPC lacks what a fleet needs */
  constructor(scope: Construct, id: string, props: ExistingNetworkProps) {
    super(scope, id);
    const { vpc, ipv6 = false, createEndpoints = true } = props;
    const nodes = select(vpc, 'nodeSubnets', props.nodeSubnets ?? { subnetType: ec2.SubnetType.PUBLIC });
    const internal = select(
      vpc,
      'internalSubnets',
      props.internalSubnets ?? { subnetType: defaultType(vpc) },
    );
    this.vpc = vpc;
    this.publicSubnets = { subnets: nodes.subnets };
    this.publicSubnetIds = nodes.subnetIds;
    this.routes = nodes.internetConnectivityEstablished;
    this.isolatedSubnets = { subnets: internal.subnets };
    this.isolatedSubnetIds = internal.subnetIds;
    this.isDualStack = ipv6;
    if (!createEndpoints) return;
    const securityGroup = endpointSecurityGroup(this, vpc, rangeOf(vpc));
    for (const [name, service] of Object.entries(ENDPOINT_SERVICES)) {
      new ec2.InterfaceVpcEndpoint(this, `${name}Endpoint`, {
        vpc,
        service,
        subnets: this.isolatedSubnets,
        securityGroups: [securityGroup],
        open: false,
      });
    }
    this.endpointSecurityGroup = securityGroup;
  }
}

function defaultType({ isolatedSubnets }: ec2.IVpc): ec2.SubnetType {
  return isolatedSubnets.length > 0 ? ec2.SubnetType.PRIVATE_ISOLATED : ec2.SubnetType.PRIVATE_WITH_EGRESS;
}

function select(vpc: ec2.IVpc, key: string, selection: ec2.SubnetSelection): ec2.SelectedSubnets {
  let selected: ec2.SelectedSubnets;
  try {
    selected = vpc.selectSubnets(selection);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FleetError('FLEET_ERR_CONFIG', { message: `network.${key}: ${reason}`, cause });
  }
  const zones = new Set(selected.availabilityZones).size;
  if (zones >= 2) return selected;
  throw new FleetError('FLEET_ERR_CONFIG', {
    message: `network.${key}: subnets in at least two zones are needed, these are in ${zones}`,
  });
}

function rangeOf(vpc: ec2.IVpc): string {
  try {
    return vpc.vpcCidrBlock;
  } catch (cause) {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: 'network.vpc: its vpcCidrBlock is needed for the endpoints, or createEndpoints: false',
      cause,
    });
  }
}
