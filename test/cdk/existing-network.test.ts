import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { FleetError, MediasoupFleet, type ExistingNetworkProps } from '../../lib';
import { makeImageBundle, onlyResource, resourcesOf, testContext } from '../helpers/synthesize-fleet';

const ZONES = ['eu-central-1a', 'eu-central-1b'];
const PUBLIC = ['subnet-0a0a0a0a', 'subnet-0b0b0b0b'];
const ISOLATED = ['subnet-1a1a1a1a', 'subnet-1b1b1b1b'];
const ROUTES = ['rtb-0d0d0d0d', 'rtb-0d0d0d0d'];
const INTERNAL = { isolatedSubnetIds: ISOLATED, isolatedSubnetRouteTableIds: ROUTES };
const NONE = { isolatedSubnetIds: undefined, isolatedSubnetRouteTableIds: undefined };
const PRIVATE = ['subnet-2a2a2a2a', 'subnet-2b2b2b2b'];

let imageBundle: string;
let outdir: string;
beforeAll(() => {
  imageBundle = makeImageBundle();
  outdir = mkdtempSync(join(tmpdir(), 'fleet-cdk-out-'));
});
afterAll(() => {
  for (const dir of [imageBundle, outdir]) rmSync(dir, { recursive: true, force: true });
});

/** A fleet in a stack that has, or knows, a VPC of its own. */
function synthesize(network: (stack: Stack) => ExistingNetworkProps): Template {
  const app = new App({ context: testContext(), outdir });
  const stack = new Stack(app, 'Calls', { env: { region: 'eu-central-1' } });
  new MediasoupFleet(stack, 'Fleet', {
    domain: { name: 'calls.example.com', hostedZoneId: 'Z0123456789EXAMPLE' },
    availabilityZones: ZONES,
    network: network(stack),
    imageBundle,
  });
  return Template.fromStack(stack);
}

function imported(
  stack: Stack,
  attributes: Partial<ec2.VpcAttributes> = { vpcCidrBlock: '10.1.0.0/16' },
): ec2.IVpc {
  return ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0c0c0c0c',
    availabilityZones: ZONES,
    publicSubnetIds: PUBLIC,
    publicSubnetRouteTableIds: ROUTES,
    ...INTERNAL,
    ...attributes,
  });
}

function launchInterface(template: Template): Record<string, unknown> {
  const { LaunchTemplateData } = onlyResource(template, 'AWS::EC2::LaunchTemplate').Properties as {
    LaunchTemplateData: { NetworkInterfaces: [Record<string, unknown>] };
  };
  return LaunchTemplateData.NetworkInterfaces[0];
}

/** Where the Lambdas may go, as `port destination`. */
function caretakerEgress(template: Template): string[] {
  const [, group] =
    Object.entries(resourcesOf(template, 'AWS::EC2::SecurityGroup')).find(([id]) =>
      id.includes('LifecycleSecurityGroup'),
    ) ?? [];
  const rules = (group?.Properties['SecurityGroupEgress'] ?? []) as Record<string, unknown>[];
  return rules.map(
    ({ FromPort, CidrIp, DestinationSecurityGroupId }) =>
      `${String(FromPort)} ${typeof CidrIp === 'string' ? CidrIp : JSON.stringify(DestinationSecurityGroupId)}`,
  );
}

describe('a fleet in a VPC that was there before', () => {
  let plain: Template;
  beforeAll(() => {
    plain = synthesize((stack) => ({ vpc: imported(stack) }));
  });

  test('makes no network, and runs nodes and load balancer in the public subnets', () => {
    const of = plain;
    for (const type of ['VPC', 'Subnet', 'Route', 'InternetGateway', 'NatGateway', 'FlowLog']) {
      of.resourceCountIs(`AWS::EC2::${type}`, 0);
    }
    of.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', { VPCZoneIdentifier: PUBLIC });
    of.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Subnets: PUBLIC });
    of.hasResourceProperties('AWS::ImageBuilder::InfrastructureConfiguration', { SubnetId: PUBLIC[0] });
    for (const { Properties } of Object.values(resourcesOf(of, 'AWS::EC2::SecurityGroup'))) {
      expect(Properties['VpcId']).toBe('vpc-0c0c0c0c');
    }
  });

  test('keeps store and Lambdas in the isolated subnets, with endpoints for what they call', () => {
    const of = plain;
    of.hasResourceProperties('AWS::ElastiCache::SubnetGroup', { SubnetIds: ISOLATED });
    const inVpc = Object.values(resourcesOf(of, 'AWS::Lambda::Function')).flatMap(
      ({ Properties }) => (Properties['VpcConfig'] as { SubnetIds: string[] } | undefined) ?? [],
    );
    expect(inVpc.map(({ SubnetIds }) => SubnetIds)).toEqual([ISOLATED, ISOLATED]);
    for (const service of ['autoscaling', 'secretsmanager']) {
      of.hasResourceProperties('AWS::EC2::VPCEndpoint', {
        ServiceName: `com.amazonaws.eu-central-1.${service}`,
        SubnetIds: ISOLATED,
        PrivateDnsEnabled: true,
      });
    }
    // Nodes, too: private DNS leads them there.
    of.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '10.1.0.0/16', FromPort: 443 })],
    });
    expect(caretakerEgress(of)).toEqual([
      expect.stringContaining('6380 '),
      expect.stringMatching(/^443 .*EndpointSecurityGroup/),
    ]);
  });

  test('has IPv6 only where the VPC has it', () => {
    const ipv4 = plain;
    expect(launchInterface(ipv4)).not.toHaveProperty('Ipv6AddressCount');
    ipv4.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { IpAddressType: 'ipv4' });
    const types = (of: Template) =>
      Object.values(resourcesOf(of, 'AWS::Route53::RecordSet')).map(({ Properties }) => Properties['Type']);
    expect(types(ipv4)).toEqual(['A', 'A']);
    const both = synthesize((stack) => ({ vpc: imported(stack), ipv6: true }));
    expect(launchInterface(both)).toMatchObject({ Ipv6AddressCount: 1 });
    both.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { IpAddressType: 'dualstack' });
    expect(types(both).sort()).toEqual(['A', 'A', 'AAAA', 'AAAA']);
  });

  test('uses the endpoints or the NAT gateway that are there, in private subnets', () => {
    const of = synthesize((stack) => ({
      vpc: imported(stack, { ...NONE, privateSubnetIds: PRIVATE, privateSubnetRouteTableIds: ROUTES }),
      createEndpoints: false,
    }));
    of.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
    of.hasResourceProperties('AWS::ElastiCache::SubnetGroup', { SubnetIds: PRIVATE });
    expect(caretakerEgress(of)).toContain('443 0.0.0.0/0');
  });

  test('takes the subnets that are named', () => {
    const of = synthesize((stack) => {
      const vpc = new ec2.Vpc(stack, 'Vpc', {
        availabilityZones: ZONES,
        natGateways: 0,
        subnetConfiguration: [
          { name: 'web', subnetType: ec2.SubnetType.PUBLIC },
          { name: 'media', subnetType: ec2.SubnetType.PUBLIC },
          { name: 'data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
        ],
      });
      return { vpc, nodeSubnets: { subnetGroupName: 'media' } };
    });
    const group = onlyResource(of, 'AWS::AutoScaling::AutoScalingGroup');
    expect(JSON.stringify(group.Properties['VPCZoneIdentifier'])).toMatch(/mediaSubnet1.*mediaSubnet2/);
    expect(JSON.stringify(group.Properties['VPCZoneIdentifier'])).not.toContain('web');
    // An instance before its route could reach nothing.
    expect(JSON.stringify(group.DependsOn)).toMatch(/mediaSubnet1DefaultRoute/);
  });

  test.each<[string, (stack: Stack) => ExistingNetworkProps, RegExp]>([
    [
      'an import without its range',
      (stack) => ({ vpc: imported(stack, {}) }),
      /^network\.vpc: its vpcCidrBlock is needed for the endpoints, or createEndpoints: false$/,
    ],
    [
      'subnets of one zone',
      (stack) => ({
        vpc: imported(stack),
        nodeSubnets: {
          subnets: [
            ec2.Subnet.fromSubnetAttributes(stack, 'One', {
              subnetId: 'subnet-0a0a0a0a',
              availabilityZone: ZONES[0],
            }),
          ],
        },
      }),
      /^network\.nodeSubnets: subnets in at least two zones are needed, these are in 1$/,
    ],
    [
      'a VPC without internal subnets',
      (stack) => ({ vpc: imported(stack, { ...NONE, vpcCidrBlock: '10.1.0.0/16' }) }),
      /^network\.internalSubnets: There are no 'Private' subnet groups in this VPC/,
    ],
  ])('%s is refused in one line', (_name, network, line) => {
    expect(() => synthesize(network)).toThrow(FleetError);
    expect(() => synthesize(network)).toThrow(line);
  });
});
