import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SuspendProcesses$, type SuspendProcessesCommandInput } from '@aws-sdk/client-auto-scaling';
import { z } from 'zod';
import { CustomResourceType } from '../../../local/cloud/custom-resource/custom-resource-type';
import { ResponseServer } from '../../../local/cloud/custom-resource/response-server';
import { EventBridge } from '../../../local/cloud/eventbridge/eventbridge';
import { RuleType } from '../../../local/cloud/eventbridge/resources/rule';
import { FunctionType } from '../../../local/cloud/lambda/resources/function';
import type { ResourceType } from '../../../local/cloud/ports/resource-type';
import { SecretType } from '../../../local/cloud/secrets-manager/resources/secret';
import { SecretsManager } from '../../../local/cloud/secrets-manager/secrets-manager';
import { QueueType } from '../../../local/cloud/sqs/resources/queue';
import { Sqs } from '../../../local/cloud/sqs/sqs';
import { Ssm } from '../../../local/cloud/ssm/ssm';
import { AssemblyAssets } from '../../../local/cloud/template/assembly-assets';
import { readCloudAssembly, type CloudAssembly } from '../../../local/cloud/template/cloud-assembly';
import { CloudValues } from '../../../local/cloud/template/cloud-values';
import { inertTypes } from '../../../local/cloud/template/inert-types';
import { SubnetType } from '../../../local/cloud/template/subnet-type';
import { TemplateEngine } from '../../../local/cloud/template/template-engine';
import { AwsEndpoint } from '../../../local/cloud/wire/aws-endpoint';
import { operation } from '../../../local/cloud/wire/operation';
import { ServiceError } from '../../../local/cloud/wire/service-error';
import { eventually } from '../../helpers/eventually';
import { synthesizeAssembly, type SynthesizedAssembly } from '../../helpers/synthesize-assembly';
import { IDENTITY, PlayedLambda } from '../lambda/played-lambda';

let first: SynthesizedAssembly;
let release: SynthesizedAssembly;
beforeAll(() => {
  first = synthesizeAssembly({ app: 'one', deploymentId: 'one' });
  release = synthesizeAssembly({ app: 'two', deploymentId: 'two' });
});
afterAll(() => {
  first.remove();
  release.remove();
});

/** Types that other parts of the local cloud play: recorded as they come. */
const ELSEWHERE = [
  'AWS::AutoScaling::AutoScalingGroup',
  'AWS::AutoScaling::ScalingPolicy',
  'AWS::CloudWatch::Alarm',
  'AWS::EC2::LaunchTemplate',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::SNS::Topic',
];

class Recorded implements ResourceType<Record<string, unknown>> {
  readonly properties = z.record(z.string(), z.unknown());
  readonly inert = ['*'];

  constructor(
    readonly type: string,
    private readonly calls: string[],
  ) {}

  create({ logicalId }: { logicalId: string }) {
    return this.describe('create', logicalId);
  }

  update({ logicalId }: { logicalId: string }) {
    return this.describe('update', logicalId);
  }

  private describe(verb: string, logicalId: string) {
    this.calls.push(`${verb} ${this.type}`);
    const names = ['DNSName', 'LoadBalancerFullName', 'CanonicalHostedZoneID', 'TargetGroupFullName'];
    const attributes = Object.fromEntries(names.map((name) => [name, `${name} of ${logicalId}`]));
    return { ref: logicalId, attributes: { ...attributes, LatestVersionNumber: String(this.calls.length) } };
  }
}

/** What Auto Scaling is asked to suspend. */
interface Suspension {
  asked: SuspendProcessesCommandInput[];
  /** What it refuses that with. */
  refusal: ServiceError | undefined;
}

/** What plays the default app's stacks. */
class PlayedDeployment {
  readonly calls: string[] = [];
  readonly played: PlayedLambda;
  readonly secrets: SecretsManager;
  readonly subnets = new SubnetType(IDENTITY);
  readonly engine: TemplateEngine;

  private constructor(
    private readonly endpoint: AwsEndpoint,
    private readonly responses: ResponseServer,
    readonly suspension: Suspension,
  ) {
    this.played = new PlayedLambda({
      access: {
        AWS_ENDPOINT_URL: endpoint.url,
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
      },
    });
    const { clock, lambda, recording } = this.played;
    const common = { identity: IDENTITY, clock };
    this.secrets = new SecretsManager(common);
    const eventBridge = new EventBridge({
      ...common,
      latencies: { eventDelayMs: 0 },
      functions: lambda,
      deadLetters: recording,
      journal: recording,
    });
    const sqs = new Sqs({ clock, metrics: recording, journal: recording });
    const assets = new AssemblyAssets();
    this.engine = new TemplateEngine({
      identity: IDENTITY,
      assets,
      values: new CloudValues({ secrets: this.secrets, ssm: new Ssm(common) }),
      journal: recording,
      types: [
        this.subnets,
        new FunctionType({ identity: IDENTITY, lambda, assets }),
        new RuleType({ identity: IDENTITY, eventBridge }),
        new QueueType({ identity: IDENTITY, sqs }),
        new SecretType({ identity: IDENTITY, secrets: this.secrets }),
        new CustomResourceType({ ...common, functions: lambda, responses }),
        ...ELSEWHERE.map((type) => new Recorded(type, this.calls)),
        ...inertTypes(IDENTITY),
      ],
    });
  }

  static async start(): Promise<PlayedDeployment> {
    const suspension: Suspension = { asked: [], refusal: undefined };
    const suspend = operation(SuspendProcesses$, (input: SuspendProcessesCommandInput) => {
      if (suspension.refusal) throw suspension.refusal;
      suspension.asked.push(input);
      return {};
    });
    const endpoint = await AwsEndpoint.start({
      services: [
        {
          signingName: 'autoscaling',
          protocols: [
            {
              kind: 'query',
              version: '2011-01-01',
              xmlNamespace: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
            },
          ],
          operations: [suspend],
        },
      ],
      onUnexpected: ({ error }) => {
        throw error;
      },
    });
    return new PlayedDeployment(endpoint, await ResponseServer.start(), suspension);
  }

  /** The deployment moves on by itself: its functions are invoked when the clock does. */
  async deploy(assembly: CloudAssembly): Promise<void> {
    let isDone = false;
    const deployed = this.engine.deploy(assembly).finally(() => (isDone = true));
    deployed.catch(() => undefined);
    while (!isDone) await this.played.clock.advance(0);
    await deployed;
  }

  async close(): Promise<void> {
    await this.played.close();
    await this.responses.close();
    await this.endpoint.close();
  }
}

let deployment: PlayedDeployment;
beforeEach(async () => {
  deployment = await PlayedDeployment.start();
});
afterEach(async () => {
  await deployment.close();
});

const read = ({ folder }: SynthesizedAssembly) => readCloudAssembly({ folder, region: 'eu-central-1' });

test('the default app is deployed: stacks in their order, references across them, functions that run', async () => {
  const { engine, secrets, subnets, played } = deployment;
  const assembly = read(first);
  const names = assembly.stacks.map(({ name }) => name);
  for (const [before, after] of [
    ['fleet-network', 'fleet-store'],
    ['fleet-store', 'fleet-fleet'],
    ['fleet-secrets', 'fleet-fleet'],
    ['fleet-fleet', 'fleet-observability'],
  ] as const) {
    expect(names.indexOf(before)).toBeLessThan(names.indexOf(after));
  }

  await deployment.deploy(assembly);

  const only = (type: string): Record<string, unknown> => {
    const [found, ...more] = engine.resources(type);
    expect(more).toEqual([]);
    return found?.properties as Record<string, unknown>;
  };
  const group = only('AWS::AutoScaling::AutoScalingGroup');
  const zones = (group['VPCZoneIdentifier'] as string[]).map((id) => subnets.zoneOf(id));
  expect(zones).toEqual(['eu-central-1a', 'eu-central-1b', 'eu-central-1c']);
  const data = only('AWS::EC2::LaunchTemplate')['LaunchTemplateData'] as Record<string, string>;
  expect(data['ImageId']).toMatch(/^ami-[0-9a-f]{17}$/);
  const userData = Buffer.from(data['UserData'] ?? '', 'base64').toString();
  const secretArn = /FLEET_REDIS_SECRET_ARN=(\S+)/.exec(userData)?.[1] ?? '';
  expect(JSON.parse(secrets.version(secretArn, {}).version.text ?? '')).toEqual({
    current: expect.stringMatching(/^[A-Za-z0-9]{64}$/) as unknown,
  });
  const store = only('AWS::ElastiCache::ReplicationGroup');
  expect(store['AuthToken']).toBe(
    (JSON.parse(secrets.version(secretArn, {}).version.text ?? '') as { current: string }).current,
  );
  expect(engine.outputs('fleet-fleet')).toMatchObject({
    FleetUrlDA5D9ED1: 'https://calls.example.com',
    FleetGroupName5A9A6712: 'fleet-nodes',
  });
  // The real bundle of lambdas/suspend-processes, over the real protocol, answered CloudFormation by a PUT.
  expect(deployment.suspension.asked).toEqual([
    { AutoScalingGroupName: 'FleetNodesGroup9F042899', ScalingProcesses: ['AZRebalance'] },
  ]);
  const [custom] = engine.resources('Custom::SuspendedProcesses');
  expect(custom?.ref).toBe('suspended-processes/FleetNodesGroup9F042899');
  const logs = join(played.folder, 'logs');
  // What a function says is on its way to the file when it has answered.
  await eventually(() =>
    readdirSync(logs).some((log) =>
      readFileSync(join(logs, log), 'utf8').includes('"audit":"suspend-processes","request":"Create"'),
    ),
  );
  expect(engine.notSimulated()).toEqual([]);
});

test('every id is the same in each run', async () => {
  await deployment.deploy(read(first));
  const refs = deployment.engine.resources().map(({ logicalId, ref }) => [logicalId, ref]);
  await deployment.close();
  deployment = await PlayedDeployment.start();
  await deployment.deploy(read(first));
  expect(deployment.engine.resources().map(({ logicalId, ref }) => [logicalId, ref])).toEqual(refs);
  // A and AAAA records of one name are one name.
  const ids = deployment.engine.resources().filter(({ type }) => type !== 'AWS::Route53::RecordSet');
  expect(new Set(ids.map(({ ref }) => ref)).size).toBe(ids.length);
});

test('a release replaces the image, and with it the launch template and the group; the same again does nothing', async () => {
  await deployment.deploy(read(first));
  deployment.calls.length = 0;
  await deployment.deploy(read(first));
  expect(deployment.calls).toEqual([]);
  expect(deployment.suspension.asked).toHaveLength(1);

  await deployment.deploy(read(release));

  expect(deployment.calls).toEqual([
    'update AWS::EC2::LaunchTemplate',
    'update AWS::AutoScaling::AutoScalingGroup',
  ]);
  // Its deployment id changed.
  expect(deployment.suspension.asked).toHaveLength(2);
});

test('a custom resource that fails takes the release back', async () => {
  await deployment.deploy(read(first));
  const images = deployment.engine.resources('AWS::ImageBuilder::Image');
  deployment.calls.length = 0;
  deployment.suspension.refusal = new ServiceError('ValidationError', 'AutoScalingGroup name not found');

  await expect(deployment.deploy(read(release))).rejects.toThrow(
    /FleetLifecycleSuspendedProcesses.*Received response status \[FAILED\].*AutoScalingGroup name not found/,
  );

  expect(deployment.calls).toEqual([
    'update AWS::EC2::LaunchTemplate',
    'update AWS::AutoScaling::AutoScalingGroup',
    'update AWS::AutoScaling::AutoScalingGroup',
    'update AWS::EC2::LaunchTemplate',
  ]);
  expect(deployment.engine.resources('AWS::ImageBuilder::Image')).toEqual(images);
});
