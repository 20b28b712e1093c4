/**
 * Of these nothing may be replaced by an upgrade: calls, keys or the fleet's addresses would go with it. By type the
 * properties of which a change replaces the resource.
 */
export const STATEFUL: Record<string, readonly string[]> = {
  'AWS::EC2::VPC': ['CidrBlock'],
  'AWS::EC2::Subnet': ['CidrBlock', 'AvailabilityZone'],
  'AWS::EC2::SecurityGroup': ['GroupDescription', 'GroupName'],
  'AWS::ElastiCache::ReplicationGroup': [
    'Engine',
    'Port',
    'AtRestEncryptionEnabled',
    'TransitEncryptionEnabled',
    'CacheSubnetGroupName',
    'ReplicationGroupId',
  ],
  'AWS::ElastiCache::SubnetGroup': [],
  'AWS::SecretsManager::Secret': ['Name', 'GenerateSecretString'],
  'AWS::AutoScaling::AutoScalingGroup': ['AutoScalingGroupName'],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': ['Scheme', 'Type'],
  'AWS::ElasticLoadBalancingV2::TargetGroup': ['Port', 'Protocol', 'TargetType'],
  'AWS::EC2::LaunchTemplate': [],
  'AWS::Route53::RecordSet': ['Name', 'Type', 'SetIdentifier'],
  'AWS::SNS::Topic': [],
};
