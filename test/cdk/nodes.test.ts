import { execFileSync } from 'node:child_process';
import type { Template } from 'aws-cdk-lib/assertions';
import { VARIABLE_NAMES } from '../../node-app/config';
import {
  onlyResource,
  resourcesOf,
  synthesizeFleet,
  type SynthesizedFleet,
} from '../helpers/synthesize-fleet';
import { NODE_SDK_CALLS } from '../lambdas/sdk-calls';

const fleet = synthesizeFleet();
const template = fleet.template('fleet');
const group = onlyResource(template, 'AWS::AutoScaling::AutoScalingGroup');

interface LaunchTemplateData {
  ImageId: { 'Fn::GetAtt': [string, string] };
  UserData: { 'Fn::Base64': string | { 'Fn::Join': [string, unknown[]] } };
  MetadataOptions: object;
  NetworkInterfaces: { AssociatePublicIpAddress: boolean; Ipv6AddressCount: number }[];
}

function launchTemplate(of: Template): LaunchTemplateData {
  return onlyResource(of, 'AWS::EC2::LaunchTemplate').Properties['LaunchTemplateData'] as LaunchTemplateData;
}

function userData(of: Template): string {
  const body = launchTemplate(of).UserData['Fn::Base64'];
  if (typeof body === 'string') return body;
  return body['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'TOKEN')).join('');
}

/** Ingress rules as `protocol ports from`. */
function ingressOfNodes(of: Template): string[] {
  const [, nodes] =
    Object.entries(resourcesOf(of, 'AWS::EC2::SecurityGroup')).find(([id]) => id.includes('Launch')) ?? [];
  const rules = (nodes?.Properties['SecurityGroupIngress'] ?? []) as Record<string, string | number>[];
  return rules.map(
    (rule) =>
      `${rule['IpProtocol']} ${rule['FromPort']}-${rule['ToPort']} ${rule['CidrIp'] ?? rule['CidrIpv6']}`,
  );
}

describe('group', () => {
  test('no hook can miss the first launch, or vanish before the group does', () => {
    template.resourceCountIs('AWS::AutoScaling::LifecycleHook', 0);
    expect(group.Properties['LifecycleHookSpecificationList']).toHaveLength(2);
  });

  test('a hook that nobody completes ends no call: the instance is abandoned and retained', () => {
    const hooks = group.Properties['LifecycleHookSpecificationList'] as Record<string, unknown>[];
    const terminating = hooks.find(
      (hook) => hook['LifecycleTransition'] === 'autoscaling:EC2_INSTANCE_TERMINATING',
    );
    expect(terminating).toMatchObject({ DefaultResult: 'ABANDON', HeartbeatTimeout: 1_800 });
    expect(group.Properties['InstanceLifecyclePolicy']).toEqual({
      RetentionTriggers: { TerminateHookAbandon: 'retain' },
    });
  });

  test('a node that never serves never gets into service', () => {
    const hooks = group.Properties['LifecycleHookSpecificationList'] as Record<string, unknown>[];
    const launching = hooks.find(
      (hook) => hook['LifecycleTransition'] === 'autoscaling:EC2_INSTANCE_LAUNCHING',
    );
    expect(launching).toMatchObject({ DefaultResult: 'ABANDON' });
  });

  test('desired capacity is not reset by a deploy', () => {
    expect(group.Properties).not.toHaveProperty('DesiredCapacity');
    expect(group.UpdatePolicy).toMatchObject({
      AutoScalingScheduledAction: { IgnoreUnmodifiedGroupSizeProperties: true },
    });
  });

  test('failing readiness replaces no node', () => {
    expect(group.Properties['HealthCheckType']).toBe('EC2');
  });

  test('a release starts new nodes first, watches alarms and waits for them', () => {
    const policy = group.UpdatePolicy as {
      AutoScalingInstanceRefresh: { Preferences: Record<string, unknown> };
    };
    const { Preferences } = policy.AutoScalingInstanceRefresh;
    expect(Preferences).toMatchObject({
      MinHealthyPercentage: 100,
      MaxHealthyPercentage: 200,
      BakeTime: 600,
    });
    const { Alarms } = Preferences['AlarmSpecification'] as { Alarms: string[] };
    const existing = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties['AlarmName'],
    );
    expect(Alarms.length).toBeGreaterThan(0);
    for (const name of Alarms) expect(existing).toContain(name);
    expect(group.UpdatePolicy).not.toHaveProperty('AutoScalingRollingUpdate');
    // CloudFormation has none: it rolls back by a second refresh when an alarm has failed the first.
    expect(Preferences).not.toHaveProperty('AutoRollback');
  });

  test('the alarms and the permission to choose who leaves exist before the group', () => {
    const dependencies = group.DependsOn as string[];
    expect(dependencies.filter((id) => id.includes('Alarms'))).toHaveLength(3);
    expect(dependencies.some((id) => id.includes('TerminationPolicyPermission'))).toBe(true);
  });

  test('who leaves is chosen by our policy first', () => {
    const [first, ...next] = group.Properties['TerminationPolicies'] as [
      { 'Fn::GetAtt': [string, string] },
      ...unknown[],
    ];
    expect(first['Fn::GetAtt'][0]).toContain('TerminationPolicy');
    // Has the last word when ours names more than were asked for.
    expect(next).toEqual(['Default']);
  });

  test('while a node boots nothing is expected of it, or scaling would add another each minute', () => {
    expect(group.Properties).toMatchObject({ DefaultInstanceWarmup: 60, HealthCheckGracePeriod: 60 });
  });

  test('the group tells its size, which scaling in compares with the nodes that report', () => {
    expect(group.Properties['MetricsCollection']).toEqual([{ Granularity: '1Minute' }]);
  });

  test('a rolled-out template version is a number, which changes with the template', () => {
    expect(group.Properties['LaunchTemplate']).toMatchObject({
      Version: { 'Fn::GetAtt': [expect.any(String), 'LatestVersionNumber'] },
    });
  });

  test('by default all nodes are on demand and there is no warm pool', () => {
    expect(group.Properties).not.toHaveProperty('MixedInstancesPolicy');
    template.resourceCountIs('AWS::AutoScaling::WarmPool', 0);
  });
});

describe('spot, several types and a warm pool', () => {
  const rich = synthesizeFleet({
    config: {
      nodes: {
        instanceTypes: ['c7gn.large', 'c8gn.xlarge'],
        spot: { onDemandBase: 3, onDemandPercentAboveBase: 25 },
        warmPool: { minSize: 2 },
      },
    },
  }).template('fleet');

  test('the group mixes what the config says, and replaces an instance at risk before it goes', () => {
    const { Properties } = onlyResource(rich, 'AWS::AutoScaling::AutoScalingGroup');
    expect(Properties['MixedInstancesPolicy']).toMatchObject({
      InstancesDistribution: { OnDemandBaseCapacity: 3, OnDemandPercentageAboveBaseCapacity: 25 },
      LaunchTemplate: { Overrides: [{ InstanceType: 'c7gn.large' }, { InstanceType: 'c8gn.xlarge' }] },
    });
    expect(Properties['CapacityRebalance']).toBe(true);
    expect(Properties).not.toHaveProperty('LaunchTemplate');
  });

  test('warm instances wait stopped and none that has served returns', () => {
    expect(onlyResource(rich, 'AWS::AutoScaling::WarmPool').Properties).toMatchObject({
      PoolState: 'Stopped',
      MinSize: 2,
      InstanceReusePolicy: { ReuseOnScaleIn: false },
    });
  });

  test('each node learns the capacity of its own type', () => {
    expect(userData(rich)).toContain('c7gn.large) egress=3750000000 packets=140000 ;;');
    expect(userData(rich)).toContain('c8gn.xlarge) egress=3750000000 packets=280000 ;;');
  });

  test.each([
    ['c7g.xlarge', 'its baseline, not its burst', 0.75 * 1.876e9],
    ['c8gn.xlarge', 'the 5 Gbit/s of the internet gateway below 32 vCPU', 0.75 * 5e9],
    ['c8gn.8xlarge', 'half of its bandwidth from 32 vCPU on', 0.75 * 50e9],
  ])('%s may send three quarters of %s', (type, _limit, egressBps) => {
    const one = synthesizeFleet({ config: { nodes: { instanceTypes: [type] } } }).template('fleet');
    expect(userData(one)).toContain(`${type}) egress=${egressBps} packets=`);
  });
});

describe('launch template', () => {
  test('instance metadata answers only with a token', () => {
    expect(launchTemplate(template).MetadataOptions).toMatchObject({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
    });
  });

  test('nodes have public IPv4 and IPv6 addresses', () => {
    expect(launchTemplate(template).NetworkInterfaces).toMatchObject([
      { AssociatePublicIpAddress: true, Ipv6AddressCount: 1 },
    ]);
  });

  test('media flows are untracked: all may come in on the media ports, everything may go out, for both IP versions', () => {
    expect(ingressOfNodes(template).sort()).toEqual([
      'tcp 10000-10001 0.0.0.0/0',
      'tcp 10000-10001 ::/0',
      'udp 10000-10001 0.0.0.0/0',
      'udp 10000-10001 ::/0',
    ]);
    const [, nodes] =
      Object.entries(resourcesOf(template, 'AWS::EC2::SecurityGroup')).find(([id]) =>
        id.includes('Launch'),
      ) ?? [];
    expect(nodes?.Properties['SecurityGroupEgress']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ CidrIp: '0.0.0.0/0', IpProtocol: '-1' }),
        expect.objectContaining({ CidrIpv6: '::/0', IpProtocol: '-1' }),
      ]),
    );
  });

  test('pipes and links of one region are for its nodes only', () => {
    const rules = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress')).map(
      ({ Properties }) => Properties,
    );
    for (const description of ['Links between nodes', 'Pipes between nodes']) {
      const rule = rules.find((candidate) => candidate['Description'] === description);
      expect(rule?.['SourceSecurityGroupId']).toEqual(rule?.['GroupId']);
    }
  });

  test('user data is a script that bash reads, and sets only variables that a node knows', () => {
    const script = userData(template);
    execFileSync('bash', ['-n'], { input: script });
    const names = [...script.matchAll(/^(FLEET_\w+)=/gm)].map((match) => match[1]);
    expect(names).toContain('FLEET_REDIS_URL');
    for (const name of names) expect(VARIABLE_NAMES as readonly string[]).toContain(name);
  });

  test('user data names secrets and holds none', () => {
    expect(userData(template)).not.toMatch(/resolve:secretsmanager/);
    expect(userData(template)).toMatch(/FLEET_TOKEN_KEYS_SECRET_ARN=TOKEN/);
  });
});

describe('image', () => {
  const imageId = (of: SynthesizedFleet) => launchTemplate(of.template('fleet')).ImageId['Fn::GetAtt'][0];
  const recipeVersion = (of: SynthesizedFleet) =>
    onlyResource(of.template('fleet'), 'AWS::ImageBuilder::ImageRecipe').Properties['Version'];

  test('the launch template takes the image that is baked in its own stack', () => {
    expect(Object.keys(resourcesOf(template, 'AWS::ImageBuilder::Image'))).toEqual([imageId(fleet)]);
  });

  test('one changed byte of the app is a new image, a new recipe version and a new launch template', () => {
    const changed = synthesizeFleet({ app: 'aqp' });
    expect(imageId(changed)).not.toBe(imageId(fleet));
    expect(recipeVersion(changed)).not.toBe(recipeVersion(fleet));
    expect(JSON.stringify(launchTemplate(changed.template('fleet')))).not.toBe(
      JSON.stringify(launchTemplate(template)),
    );
  });

  test('the same app is the same image, whenever it is deployed', () => {
    const again = synthesizeFleet({ deploymentId: 'later' });
    expect(imageId(again)).toBe(imageId(fleet));
    expect(JSON.stringify(launchTemplate(again.template('fleet')))).toBe(
      JSON.stringify(launchTemplate(template)),
    );
  });

  test('another base image or a raised revision is a new image', () => {
    for (const image of [{ baseImage: 'ami-0123456789abcdef0' }, { revision: 2 }]) {
      expect(imageId(synthesizeFleet({ config: { image } }))).not.toBe(imageId(fleet));
    }
  });

  test('only the architecture of the nodes is baked, on Debian of that architecture', () => {
    expect(
      onlyResource(template, 'AWS::ImageBuilder::InfrastructureConfiguration').Properties['InstanceTypes'],
    ).toEqual(['c7g.large', 'c6g.large']);
    const intel = synthesizeFleet({ config: { nodes: { instanceTypes: ['c6in.large'] } } }).template('fleet');
    const recipe = onlyResource(intel, 'AWS::ImageBuilder::ImageRecipe').Properties;
    expect(JSON.stringify(recipe['ParentImage'])).toContain(
      'parameter/aws/service/debian/release/12/latest/amd64',
    );
    expect(
      onlyResource(intel, 'AWS::ImageBuilder::InfrastructureConfiguration').Properties['InstanceTypes'],
    ).toEqual(['c7i.large', 'c6i.large']);
  });

  test('the image is tested before any node gets it', () => {
    expect(
      onlyResource(template, 'AWS::ImageBuilder::Image').Properties['ImageTestsConfiguration'],
    ).toMatchObject({ ImageTestsEnabled: true });
  });
});

describe('load balancer', () => {
  const targets = onlyResource(template, 'AWS::ElasticLoadBalancingV2::TargetGroup').Properties;
  const attributes = Object.fromEntries(
    (targets['TargetGroupAttributes'] as { Key: string; Value: string }[]).map(({ Key, Value }) => [
      Key,
      Value,
    ]),
  );
  const listener = onlyResource(template, 'AWS::ElasticLoadBalancingV2::Listener').Properties;

  test('live connections survive failing readiness, for as long as the longest drain', () => {
    expect(attributes).toMatchObject({
      'target_health_state.unhealthy.connection_termination.enabled': 'false',
      'target_health_state.unhealthy.draining_interval_seconds': String(240 * 60),
      'deregistration_delay.connection_termination.enabled': 'false',
    });
  });

  test('a gateway that is not ready gets no new connection', () => {
    expect(targets).toMatchObject({
      HealthCheckProtocol: 'HTTP',
      HealthCheckPath: '/readyz',
      Protocol: 'TCP',
      Port: 8080,
    });
  });

  test('nothing but signalling passes it: media through it would be tracked, and paid per GB', () => {
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::TargetGroup', 1);
  });

  test('it ends TLS and keeps quiet WebSockets longer than its default', () => {
    expect(listener).toMatchObject({ Protocol: 'TLS', Port: 443 });
    expect(listener['ListenerAttributes']).toEqual([{ Key: 'tcp.idle_timeout.seconds', Value: '6000' }]);
  });

  test('its security group lets browsers in and reaches the gateways', () => {
    const [, own] =
      Object.entries(resourcesOf(template, 'AWS::EC2::SecurityGroup')).find(([id]) =>
        id.includes('LoadBalancer'),
      ) ?? [];
    expect(own?.Properties['SecurityGroupIngress']).toEqual([
      expect.objectContaining({ CidrIp: '0.0.0.0/0', FromPort: 443 }),
      expect.objectContaining({ CidrIpv6: '::/0', FromPort: 443 }),
    ]);
    const egress = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroupEgress')).map(
      ({ Properties }) => Properties,
    );
    expect(egress).toContainEqual(expect.objectContaining({ FromPort: 8080, ToPort: 8080 }));
    const toNodes = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress')).map(
      ({ Properties }) => Properties,
    );
    expect(toNodes).toContainEqual(
      expect.objectContaining({ FromPort: 8080, Description: 'Gateways, from the load balancer' }),
    );
  });

  test('the name answers by latency, in IPv4 and IPv6, so that a second region replaces nothing', () => {
    const records = Object.values(resourcesOf(template, 'AWS::Route53::RecordSet')).map(
      ({ Properties }) => Properties,
    );
    for (const Type of ['A', 'AAAA']) {
      expect(records).toContainEqual(
        expect.objectContaining({
          Type,
          Name: 'calls.example.com',
          Region: 'eu-central-1',
          SetIdentifier: 'eu-central-1',
        }),
      );
      expect(records).toContainEqual(
        expect.objectContaining({ Type, Name: 'eu-central-1.calls.example.com' }),
      );
    }
  });

  test('with an existing certificate and no zone it makes neither certificate nor records', () => {
    const certificateArn =
      'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0000-0000-0000-000000000000';
    const own = synthesizeFleet({
      config: { domain: { name: 'calls.example.com', certificateArn } },
    }).template('fleet');
    own.resourceCountIs('AWS::CertificateManager::Certificate', 0);
    own.resourceCountIs('AWS::Route53::RecordSet', 0);
    own.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Certificates: [{ CertificateArn: certificateArn }],
    });
  });
});

describe('role of the nodes', () => {
  interface Statement {
    Action: string | string[];
    Resource: unknown;
    Condition?: unknown;
  }
  const [, policy] =
    Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).find(([id]) => id.includes('NodeRole')) ?? [];
  const { Statement: statements } = policy?.Properties['PolicyDocument'] as { Statement: Statement[] };
  const isOfAgent = ({ Action }: Statement) => [Action].flat().every((action) => action.startsWith('logs:'));
  const own = statements.filter((statement) => !isOfAgent(statement));

  test('allows what a node calls, and nothing more', () => {
    expect(own.flatMap(({ Action }) => Action).sort()).toEqual([...NODE_SDK_CALLS]);
  });

  test("allows the agent to ship the journal into the nodes' log group", () => {
    const [agent, ...more] = statements.filter(isOfAgent);
    expect(more).toEqual([]);
    expect(agent?.Action).toEqual(['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents']);
    expect(JSON.stringify(agent?.Resource)).toContain('NodeLog');
  });

  test('is for our group, our secrets and our metrics only', () => {
    for (const { Action, Resource, Condition } of own) {
      if (Action === 'cloudwatch:PutMetricData') {
        expect(Condition).toEqual({ StringEquals: { 'cloudwatch:namespace': 'MediasoupFleet' } });
      } else if (Action === 'secretsmanager:GetSecretValue') {
        expect(Resource).toHaveLength(4);
      } else {
        expect(JSON.stringify(Resource)).toContain('autoScalingGroupName/fleet-nodes');
      }
    }
  });
});

test('the outputs lead to the first call: the address, and the secrets that mint tokens', () => {
  const outputs = Object.entries(template.findOutputs('*'));
  for (const [name, value] of [
    ['Url', 'https://calls.example.com'],
    ['TokenSecretArn', 'SecretsToken'],
    ['AdminTokenSecretArn', 'SecretsAdminToken'],
    ['LoadBalancerName', 'DNSName'],
    ['GroupName', 'fleet-nodes'],
  ] as const) {
    const found = outputs.filter(([id]) => new RegExp(`^Fleet${name}[0-9A-F]{8}$`).test(id));
    expect(JSON.stringify(found)).toContain(value);
  }
});
