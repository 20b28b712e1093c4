import { Match } from 'aws-cdk-lib/assertions';
import { NETWORK_PORTS } from '../../core/deployment/network-ports';
import { onlyResource, resourcesOf, synthesizeFleet } from '../helpers/synthesize-fleet';

const fleet = synthesizeFleet();
const network = fleet.template('network');
const store = fleet.template('store');

describe('network', () => {
  test('there is no NAT gateway to pay or to pass media through', () => {
    network.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  test('nodes have public subnets with IPv4 and IPv6 in every listed zone', () => {
    for (const zone of ['eu-central-1a', 'eu-central-1b', 'eu-central-1c']) {
      network.hasResourceProperties('AWS::EC2::Subnet', {
        AvailabilityZone: zone,
        MapPublicIpOnLaunch: true,
        AssignIpv6AddressOnCreation: true,
        Ipv6CidrBlock: Match.anyValue(),
      });
    }
    network.hasResourceProperties('AWS::EC2::Route', {
      DestinationIpv6CidrBlock: '::/0',
      GatewayId: Match.anyValue(),
    });
    network.hasResourceProperties('AWS::EC2::Route', {
      DestinationCidrBlock: '0.0.0.0/0',
      GatewayId: Match.anyValue(),
    });
  });

  test('the isolated subnets have no way out, and endpoints for what the Lambdas call', () => {
    const isolatedTables = Object.keys(resourcesOf(network, 'AWS::EC2::RouteTable')).filter((id) =>
      id.includes('isolated'),
    );
    expect(isolatedTables).toHaveLength(3);
    for (const route of Object.values(resourcesOf(network, 'AWS::EC2::Route'))) {
      expect(isolatedTables).not.toContain((route.Properties['RouteTableId'] as { Ref: string }).Ref);
    }
    const interfaces = Object.values(resourcesOf(network, 'AWS::EC2::VPCEndpoint')).filter(
      ({ Properties }) => Properties['VpcEndpointType'] === 'Interface',
    );
    expect(interfaces.map(({ Properties }) => Properties['ServiceName']).sort()).toEqual([
      'com.amazonaws.eu-central-1.autoscaling',
      'com.amazonaws.eu-central-1.secretsmanager',
    ]);
    for (const { Properties } of interfaces) expect(Properties['PrivateDnsEnabled']).toBe(true);
  });

  test('nodes reach the endpoints too, to which private DNS leads them', () => {
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [
        Match.objectLike({
          CidrIp: { 'Fn::GetAtt': [Match.stringLikeRegexp('Vpc'), 'CidrBlock'] },
          FromPort: 443,
          ToPort: 443,
        }),
      ],
    });
  });
});

describe('placement store', () => {
  const group = onlyResource(store, 'AWS::ElastiCache::ReplicationGroup').Properties;

  test('it survives the loss of a zone', () => {
    expect(group).toMatchObject({
      MultiAZEnabled: true,
      AutomaticFailoverEnabled: true,
      NumCacheClusters: 2,
    });
  });

  test('it takes only TLS connections with a password that stands in no template', () => {
    expect(group).toMatchObject({ TransitEncryptionEnabled: true, TransitEncryptionMode: 'required' });
    expect(JSON.stringify(group['AuthToken'])).toMatch(/\{\{resolve:secretsmanager:.*:SecretString:current/);
  });

  test('its password has the letters and the length that ElastiCache takes', () => {
    const { GenerateSecretString } = onlyResource(store, 'AWS::SecretsManager::Secret').Properties;
    expect(GenerateSecretString).toMatchObject({ ExcludePunctuation: true, GenerateStringKey: 'current' });
    const { PasswordLength } = GenerateSecretString as { PasswordLength: number };
    expect(PasswordLength).toBeGreaterThanOrEqual(16);
    expect(PasswordLength).toBeLessThanOrEqual(128);
  });

  test('it never throws a room away to make space', () => {
    store.hasResourceProperties('AWS::ElastiCache::ParameterGroup', {
      Properties: { 'maxmemory-policy': 'noeviction' },
    });
  });

  test('its engine has the parameters that are set for it', () => {
    expect(group).toMatchObject({ Engine: 'valkey', EngineVersion: '8.1' });
    expect(onlyResource(store, 'AWS::ElastiCache::ParameterGroup').Properties).toMatchObject({
      CacheParameterGroupFamily: 'valkey8',
    });
  });

  test('nodes and Lambdas ask for the primary endpoint, which exists without cluster mode', () => {
    const fleetTemplate = JSON.stringify(fleet.template('fleet').toJSON());
    expect(fleetTemplate).toContain('PrimaryEndPointAddress');
    expect(fleetTemplate).not.toContain('ConfigurationEndPoint');
  });

  test('only nodes and Lambdas may connect', () => {
    const rules = Object.values(
      resourcesOf(fleet.template('fleet'), 'AWS::EC2::SecurityGroupIngress'),
    ).filter(({ Properties }) => Properties['FromPort'] === NETWORK_PORTS.store);
    expect(rules.map(({ Properties }) => Properties['Description']).sort()).toEqual([
      'Placement store from Lambdas',
      'Placement store from nodes',
    ]);
    for (const { Properties } of rules) expect(Properties['SourceSecurityGroupId']).toBeDefined();
    const own = Object.values(resourcesOf(store, 'AWS::EC2::SecurityGroup'))[0];
    expect(own?.Properties['SecurityGroupIngress']).toBeUndefined();
  });

  test('every member has alarms, and each says what missing data is', () => {
    const alarms = Object.values(resourcesOf(store, 'AWS::CloudWatch::Alarm'));
    expect(alarms).toHaveLength(6);
    for (const { Properties } of alarms) expect(Properties['TreatMissingData']).toBeDefined();
  });
});
