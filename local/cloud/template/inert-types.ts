import type { CloudIdentity } from '../cloud-identity';
import type { CreatedResource, ResourceType } from '../ports/resource-type';
import { InertType, type InertResource } from './inert-type';

type Describe = (resource: InertResource) => CreatedResource;

/** An id of EC2, which is also its `Ref`. */
const ec2Id =
  (prefix: string, attribute?: string): Describe =>
  ({ id }) => ({ ref: id(prefix), ...(attribute && { attributes: { [attribute]: id(prefix) } }) });

/** A name that is also its `Ref`. */
const named =
  (property: string): Describe =>
  ({ name }) => ({ ref: name(property) });

/** An ARN that is also its `Ref`. */
const withArn = (arn: (resource: InertResource) => string): Describe => {
  return (resource) => ({ ref: arn(resource), attributes: { Arn: arn(resource) } });
};

/** An IAM entity: its name is the `Ref`. */
const iamEntity =
  (kind: string, property: string): Describe =>
  (resource) => ({
    ref: resource.name(property),
    attributes: { Arn: resource.globalArn('iam', `${kind}/${resource.name(property)}`) },
  });

const imageBuilder = (kind: string): Describe =>
  withArn((resource) => resource.arn('imagebuilder', `${kind}/${resource.name('Name').toLowerCase()}/1.0.0`));

/**
 * Types of which one machine shows nothing: who may do what, networks, logs, names, how an image is built. What `Ref` and
 * `Fn::GetAtt` give is as the template reference says for each type.
 */
const INERT: Readonly<Record<string, Describe>> = {
  'AWS::CDK::Metadata': ec2Id('metadata'),
  'AWS::CertificateManager::Certificate': ({ arn, hex }) => ({
    ref: arn('acm', `certificate/${hex(32)}`),
  }),
  'AWS::CloudWatch::Dashboard': named('DashboardName'),
  'AWS::EC2::FlowLog': ec2Id('fl', 'Id'),
  'AWS::EC2::InternetGateway': ec2Id('igw', 'InternetGatewayId'),
  'AWS::EC2::Route': ec2Id('r'),
  'AWS::EC2::RouteTable': ec2Id('rtb', 'RouteTableId'),
  'AWS::EC2::SecurityGroup': ec2Id('sg', 'GroupId'),
  'AWS::EC2::SecurityGroupEgress': ec2Id('sgr', 'Id'),
  'AWS::EC2::SecurityGroupIngress': ec2Id('sgr', 'Id'),
  'AWS::EC2::SubnetRouteTableAssociation': ec2Id('rtbassoc', 'Id'),
  'AWS::EC2::VPC': ({ id, hex, properties }) => ({
    ref: id('vpc'),
    attributes: {
      VpcId: id('vpc'),
      CidrBlock: typeof properties['CidrBlock'] === 'string' ? properties['CidrBlock'] : '10.0.0.0/16',
      // A list; of the prefix that is for documentation.
      Ipv6CidrBlocks: `2001:db8:${hex(4).replace(/^0+(?=.)/, '')}:0:0:0:0:0/56`,
    },
  }),
  'AWS::EC2::VPCCidrBlock': ec2Id('vpc-cidr-assoc', 'Id'),
  'AWS::EC2::VPCEndpoint': ec2Id('vpce', 'Id'),
  'AWS::EC2::VPCGatewayAttachment': ec2Id('igw-attach'),
  'AWS::ElastiCache::ParameterGroup': named('CacheParameterGroupName'),
  'AWS::ElastiCache::ReplicationGroup': ({ name, arn, hex }) => {
    const id = name('ReplicationGroupId').toLowerCase();
    const domain = `${hex(6)}.cache.amazonaws.com`;
    return {
      ref: id,
      attributes: {
        Arn: arn('elasticache', `replicationgroup:${id}`),
        'PrimaryEndPoint.Address': `master.${id}.${domain}`,
        'PrimaryEndPoint.Port': '6379',
        'ReaderEndPoint.Address': `replica.${id}.${domain}`,
      },
    };
  },
  'AWS::ElastiCache::SubnetGroup': named('CacheSubnetGroupName'),
  'AWS::IAM::InstanceProfile': iamEntity('instance-profile', 'InstanceProfileName'),
  'AWS::IAM::ManagedPolicy': withArn(({ globalArn, name }) =>
    globalArn('iam', `policy/${name('ManagedPolicyName')}`),
  ),
  'AWS::IAM::Policy': named('PolicyName'),
  'AWS::IAM::Role': iamEntity('role', 'RoleName'),
  'AWS::ImageBuilder::Component': imageBuilder('component'),
  'AWS::ImageBuilder::DistributionConfiguration': imageBuilder('distribution-configuration'),
  'AWS::ImageBuilder::ImageRecipe': imageBuilder('image-recipe'),
  'AWS::ImageBuilder::InfrastructureConfiguration': imageBuilder('infrastructure-configuration'),
  'AWS::ImageBuilder::Image': ({ arn, id, hex }) => ({
    ref: arn('imagebuilder', `image/${hex(12)}/1.0.0/1`),
    attributes: { Arn: arn('imagebuilder', `image/${hex(12)}/1.0.0/1`), ImageId: id('ami') },
  }),
  'AWS::Lambda::Permission': ec2Id('permission', 'Id'),
  'AWS::Logs::LogGroup': ({ name, arn }) => ({
    ref: name('LogGroupName'),
    attributes: { Arn: arn('logs', `log-group:${name('LogGroupName')}:*`) },
  }),
  'AWS::Route53::RecordSet': named('Name'),
  'AWS::SNS::Subscription': ({ arn, hex }) => ({ ref: arn('sns', `subscription:${hex(32)}`) }),
  'AWS::SNS::TopicPolicy': ec2Id('topic-policy', 'Id'),
  'AWS::SQS::QueuePolicy': ec2Id('queue-policy', 'Id'),
};

/** All of them. */
export function inertTypes(identity: CloudIdentity): ResourceType[] {
  return Object.entries(INERT).map(([type, describe]) => new InertType({ type, identity, describe }));
}
