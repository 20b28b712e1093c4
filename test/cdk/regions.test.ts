import { AP, EU, onlyResource, resourcesOf, synthesizeFleet, US } from '../helpers/synthesize-fleet';

const one = synthesizeFleet();
const three = synthesizeFleet({ config: { regions: [EU, US, { ...AP, nodes: { min: 4, max: 40 } }] } });

test('each region is a full fleet of its own stacks, which one pattern deploys', () => {
  expect(three.regions.flatMap(({ stacks }) => Object.values(stacks).map(({ node }) => node.path))).toEqual(
    ['eu-central-1', 'us-east-1', 'ap-southeast-2'].flatMap((region) =>
      ['network', 'store', 'fleet', 'observability'].map((stack) => `${region}/${stack}`),
    ),
  );
  for (const region of ['us-east-1', 'ap-southeast-2']) {
    three.template('fleet', region).resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 1);
    three.template('store', region).resourceCountIs('AWS::ElastiCache::ReplicationGroup', 1);
  }
});

test('the primary makes the shared secrets under fixed names and replicates them', () => {
  const secrets = Object.values(resourcesOf(three.template('secrets'), 'AWS::SecretsManager::Secret'));
  expect(secrets.map(({ Properties }) => Properties['Name']).sort()).toEqual([
    'fleet/admin-token',
    'fleet/link',
    'fleet/token',
  ]);
  for (const { Properties } of secrets) {
    expect(Properties['ReplicaRegions']).toEqual([{ Region: 'us-east-1' }, { Region: 'ap-southeast-2' }]);
  }
});

test('with one region there is no replica', () => {
  for (const { Properties } of Object.values(
    resourcesOf(one.template('secrets'), 'AWS::SecretsManager::Secret'),
  )) {
    expect(Properties).not.toHaveProperty('ReplicaRegions');
  }
});

test('the other regions name the secrets, make none of them, and are deployed after the primary', () => {
  const [primary, ...others] = three.regions;
  for (const region of others) {
    expect(region.secretsStack).toBeUndefined();
    expect(region.stacks.fleet.dependencies).toContain(primary?.secretsStack);
    const fleet = three.template('fleet', region.node.id);
    fleet.resourceCountIs('AWS::SecretsManager::Secret', 0);
    expect(JSON.stringify(fleet.toJSON())).toContain(`:secret:fleet/token`);
  }
});

test("the placement store's password is each region's own", () => {
  for (const { node } of three.regions) {
    expect(
      onlyResource(three.template('store', node.id), 'AWS::SecretsManager::Secret').Properties,
    ).not.toHaveProperty('ReplicaRegions');
  }
});

test('the name leads to the nearest region, and each region has a name for the others', () => {
  for (const { node } of three.regions) {
    const records = Object.values(
      resourcesOf(three.template('fleet', node.id), 'AWS::Route53::RecordSet'),
    ).map(({ Properties }) => Properties);
    expect(records).toContainEqual(
      expect.objectContaining({ Name: 'calls.example.com', Region: node.id, SetIdentifier: node.id }),
    );
    expect(records).toContainEqual(expect.objectContaining({ Name: `${node.id}.calls.example.com` }));
    for (const { AliasTarget } of records) expect(AliasTarget).toMatchObject({ EvaluateTargetHealth: true });
  }
});

test("a region's certificate is good for both of its names, validated in the zone", () => {
  for (const { node } of three.regions) {
    const names = ['calls.example.com', `${node.id}.calls.example.com`];
    const fleet = three.template('fleet', node.id);
    const [[id, certificate] = []] = Object.entries(
      resourcesOf(fleet, 'AWS::CertificateManager::Certificate'),
    );
    expect(certificate?.Properties).toMatchObject({
      DomainName: names[0],
      SubjectAlternativeNames: [names[1]],
      DomainValidationOptions: names.map((DomainName) => ({
        DomainName,
        HostedZoneId: 'Z0123456789EXAMPLE',
      })),
    });
    expect(onlyResource(fleet, 'AWS::ElasticLoadBalancingV2::Listener').Properties['Certificates']).toEqual([
      { CertificateArn: { Ref: id } },
    ]);
  }
});

test('regions share no store: a replica elsewhere is read-only and late, and no place for a claim', () => {
  for (const { node } of three.regions) {
    const store = three.template('store', node.id);
    store.resourceCountIs('AWS::ElastiCache::GlobalReplicationGroup', 0);
    expect(onlyResource(store, 'AWS::ElastiCache::ReplicationGroup').Properties).not.toHaveProperty(
      'GlobalReplicationGroupId',
    );
  }
});

test('every node knows the endpoint of each region, through which rooms meet; with one region there is none', () => {
  const userData = (fleet: typeof one, region?: string) =>
    JSON.stringify(onlyResource(fleet.template('fleet', region), 'AWS::EC2::LaunchTemplate').Properties);
  const urls = Object.fromEntries(
    three.regions.map(({ node }) => [node.id, `https://${node.id}.calls.example.com`]),
  );
  for (const { node } of three.regions) {
    // Within the JSON of the template.
    const line = JSON.stringify(`FLEET_REGION_URLS=${JSON.stringify(urls)}\n`).slice(1, -1);
    expect(userData(three, node.id)).toContain(line);
  }
  expect(userData(one)).not.toContain('FLEET_REGION_URLS');
});

test('rooms meet through the listener that is there anyway: no port is opened for it', () => {
  const tcp = (fleet: typeof one) =>
    Object.values(resourcesOf(fleet.template('fleet'), 'AWS::EC2::SecurityGroup'))
      .flatMap(
        ({ Properties }) =>
          (Properties['SecurityGroupIngress'] ?? []) as { IpProtocol: string; FromPort: number }[],
      )
      .filter(({ IpProtocol }) => IpProtocol === 'tcp')
      .map(({ FromPort }) => FromPort);
  expect(tcp(three)).toEqual(tcp(one));
});

test('pipes are open to nodes of other regions, which have no group here', () => {
  const open = (fleet: typeof one) =>
    JSON.stringify(resourcesOf(fleet.template('fleet'), 'AWS::EC2::SecurityGroup')).includes('20000');
  expect(open(one)).toBe(false);
  expect(open(three)).toBe(true);
});

test('a region has sizes of its own', () => {
  const { Properties } = onlyResource(
    three.template('fleet', 'ap-southeast-2'),
    'AWS::AutoScaling::AutoScalingGroup',
  );
  expect(Properties).toMatchObject({ MinSize: '4', MaxSize: '40' });
});

test('no stack needs a value from another region', () => {
  for (const { node } of three.regions) {
    expect(JSON.stringify(three.template('fleet', node.id).toJSON())).not.toContain('ExportsReader');
  }
});

test('a second region replaces nothing in the first', () => {
  const stateful = (fleet: typeof one) => ({
    network: fleet.template('network').toJSON() as unknown,
    store: fleet.template('store').toJSON() as unknown,
  });
  expect(stateful(three)).toEqual(stateful(one));
});
