import { devNull } from 'node:os';
import { join } from 'node:path';
import type { Clock, RandomSource } from '../../core/clock';
import { ScaledClock, type ClockSpeed } from '../../core/scaled-clock';
import type { GatewayTargets } from '../fleet-runner/gateway-targets';
import type { Watchdog } from '../fleet-runner/watchdog';
import { AutoScaling } from './autoscaling/auto-scaling';
import { autoScalingService } from './autoscaling/auto-scaling-service';
import { autoScalingGroupResource } from './autoscaling/resources/auto-scaling-group';
import { autoScalingResources } from './autoscaling/resources/resources';
import { CloudClock } from './cloud-clock';
import type { CloudIdentity } from './cloud-identity';
import type { CloudLatencies } from './cloud-latencies';
import { CloudWatch } from './cloudwatch/cloudwatch';
import { cloudWatchService } from './cloudwatch/cloudwatch-service';
import { embeddedMetrics } from './cloudwatch/embedded-metrics';
import { alarmResource } from './cloudwatch/resources/alarm';
import { dashboardResource } from './cloudwatch/resources/dashboard';
import { CustomResourceType } from './custom-resource/custom-resource-type';
import { ResponseServer } from './custom-resource/response-server';
import { AddressPool } from './ec2/address-pool';
import { LaunchTemplates } from './ec2/launch-templates';
import type { LocalMachineOptions } from './ec2/local-machine';
import { LocalMachines } from './ec2/local-machines';
import { MachineImages } from './ec2/machine-images';
import { launchTemplateResource } from './ec2/resources/launch-template';
import { replicationGroupResource, type OpenStore } from './elasticache/replication-group';
import { LoadBalancing } from './elb/load-balancing';
import { EventBridge } from './eventbridge/eventbridge';
import { eventBridgeService } from './eventbridge/eventbridge-service';
import { RuleType } from './eventbridge/resources/rule';
import { CloudJournal } from './journal';
import { FunctionLog } from './lambda/function-log';
import { Lambda } from './lambda/lambda';
import { EventInvokeConfigType } from './lambda/resources/event-invoke-config';
import { FunctionType } from './lambda/resources/function';
import type { AlarmActionTarget } from './ports/alarm-action';
import type { EventBus } from './ports/event-bus';
import { SecretType } from './secrets-manager/resources/secret';
import { SecretsManager } from './secrets-manager/secrets-manager';
import { secretsManagerService } from './secrets-manager/secrets-manager-service';
import { sizedGroup } from './sized-group';
import { subscriptionResource } from './sns/resources/subscription';
import { topicResource } from './sns/resources/topic';
import { topicPolicyResource } from './sns/resources/topic-policy';
import { Topics } from './sns/topics';
import { QueueType } from './sqs/resources/queue';
import { Sqs } from './sqs/sqs';
import { SsmParameterType } from './ssm/resources/parameter';
import { Ssm } from './ssm/ssm';
import { ssmService } from './ssm/ssm-service';
import { AssemblyAssets } from './template/assembly-assets';
import { readCloudAssembly } from './template/cloud-assembly';
import { CloudValues } from './template/cloud-values';
import { inertTypes } from './template/inert-types';
import { SubnetType } from './template/subnet-type';
import { TemplateEngine } from './template/template-engine';
import { AwsEndpoint } from './wire/aws-endpoint';
import type { AwsService } from './wire/aws-service';

export interface LocalCloudOptions {
  identity: CloudIdentity;
  /** This machine's. */
  processClock: Clock;
  /** How much faster than real time AWS' part of it runs. */
  clockSpeed: ClockSpeed;
  latencies: CloudLatencies;
  random: RandomSource;
  watchdog: Watchdog;
  logFolder: string;
  /** In place of the template's minimum. @default the template's */
  nodes?: number | undefined;
  workers: number;
  ports: { http: number; link: number; mediaBase: number };
  targets: Pick<GatewayTargets, 'set' | 'remove' | 'configure' | 'healthyNodeIds'>;
  openStore: OpenStore;
  machines: Pick<LocalMachineOptions, 'folder' | 'restart' | 'nodeEnvironment' | 'observer'>;
  /** A request that no service understood, or a service that failed. */
  onUnexpected: (problem: { service: string; operation: string; error: unknown }) => void;
}

/** Credentials that nobody checks, so that an SDK client signs at all. Never those of the user. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** The AWS region that a fleet on this machine runs in: every service that the templates use, in this process. */
export class LocalCloud {
  readonly clock: CloudClock;
  readonly journal: CloudJournal;
  readonly autoScaling: AutoScaling;
  readonly cloudWatch: CloudWatch;
  readonly eventBridge: EventBridge;
  readonly lambda: Lambda;
  readonly secrets: SecretsManager;
  readonly ssm: Ssm;
  readonly machines: LocalMachines;
  readonly engine: TemplateEngine;
  private readonly sqs: Sqs;
  private readonly functionLog: FunctionLog;
  /** What functions read in place of the template's values. */
  private readonly functionOverrides: Record<string, string> = {};
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly options: LocalCloudOptions,
    private readonly endpoint: AwsEndpoint,
    private readonly responses: ResponseServer,
  ) {
    const { identity, processClock, clockSpeed, latencies, random, watchdog, targets } = options;
    this.clock = new CloudClock(new ScaledClock(processClock, clockSpeed));
    this.journal = new CloudJournal(this.clock);
    const { clock, journal } = this;
    const common = { identity, clock, journal };

    const actionTargets: AlarmActionTarget[] = [];
    // The bus and its targets need each other: what is published before there is a bus concerns nobody yet.
    const bus: EventBus = { publish: (event) => this.eventBridge.publish(event) };
    this.cloudWatch = new CloudWatch({ ...common, latencies, bus, actionTargets });
    const { metrics } = this.cloudWatch;
    this.sqs = new Sqs({ clock, metrics, journal });
    this.functionLog = new FunctionLog(join(options.logFolder, 'lambda'));
    this.lambda = new Lambda({
      ...common,
      access: this.access,
      overrides: this.functionOverrides,
      realClock: processClock,
      clockSpeed: clockSpeed.speed === 1 ? undefined : clockSpeed,
      latencies,
      watchdog,
      metrics,
      deadLetters: this.sqs,
      log: this.functionLog,
      readMetrics: embeddedMetrics,
    });
    this.eventBridge = new EventBridge({
      ...common,
      latencies,
      functions: this.lambda,
      deadLetters: this.sqs,
    });
    this.secrets = new SecretsManager(common);
    this.ssm = new Ssm(common);

    const assets = new AssemblyAssets();
    const images = new MachineImages({ identity, assetPath: (key) => assets.pathOf(key) });
    this.machines = new LocalMachines({
      ...options.machines,
      clock,
      processClock,
      latencies,
      region: identity.region,
      addresses: new AddressPool({ ports: options.ports, workers: options.workers, random }),
      images,
      logFolder: options.logFolder,
      watchdog,
    });
    const loadBalancing = new LoadBalancing({
      ...common,
      metrics,
      targets,
      speed: clockSpeed.speed,
      addressOf: (instanceId) => {
        const address = this.machines.find(instanceId)?.nodeAddress;
        return address && { host: address.host, port: address.ports.http };
      },
    });
    const subnets = new SubnetType(identity);
    const launchTemplates = new LaunchTemplates();
    this.autoScaling = new AutoScaling({
      ...common,
      machines: this.machines,
      launchTemplates,
      targetGroups: loadBalancing,
      eventBus: bus,
      metrics,
      functions: this.lambda,
      realClock: processClock,
      random,
      isAlarmActive: (alarmName) => this.cloudWatch.isInAlarm(alarmName),
      zoneOfSubnet: (subnetId) => subnets.zoneOf(subnetId),
      prebootNewGroups: true,
    });
    const topics = new Topics(common);
    actionTargets.push(this.autoScaling, topics);

    const { nodes } = options;
    const group = autoScalingGroupResource(this.autoScaling);
    this.engine = new TemplateEngine({
      identity,
      assets,
      values: new CloudValues({ secrets: this.secrets, ssm: this.ssm }),
      journal,
      types: [
        subnets,
        ...images.resourceTypes(),
        ...loadBalancing.resourceTypes(),
        replicationGroupResource({ identity, openStore: (store) => this.openStore(store) }),
        launchTemplateResource(launchTemplates, random),
        ...(nodes === undefined ? [] : [sizedGroup(group, nodes)]),
        ...autoScalingResources(this.autoScaling),
        alarmResource(this.cloudWatch),
        dashboardResource(),
        topicResource(topics),
        subscriptionResource(topics),
        topicPolicyResource(),
        new FunctionType({ identity, lambda: this.lambda, assets }),
        new EventInvokeConfigType(this.lambda),
        new CustomResourceType({ identity, functions: this.lambda, responses, clock }),
        new RuleType({ identity, eventBridge: this.eventBridge }),
        new QueueType({ identity, sqs: this.sqs }),
        new SecretType({ identity, secrets: this.secrets }),
        new SsmParameterType({ identity, ssm: this.ssm }),
        ...inertTypes(identity),
      ],
    });
  }

  static async start(options: LocalCloudOptions): Promise<LocalCloud> {
    const services: AwsService[] = [];
    const endpoint = await AwsEndpoint.start({ services, onUnexpected: options.onUnexpected });
    const cloud = new LocalCloud(options, endpoint, await ResponseServer.start());
    services.push(
      autoScalingService(cloud.autoScaling),
      cloudWatchService(cloud.cloudWatch),
      eventBridgeService(cloud.eventBridge),
      secretsManagerService(cloud.secrets),
      ssmService(cloud.ssm),
    );
    cloud.cloudWatch.start();
    return cloud;
  }

  /** What an SDK client or the AWS CLI needs in its environment to speak to this cloud, and to no other. */
  get access(): Record<string, string> {
    return {
      ...CREDENTIALS,
      AWS_REGION: this.options.identity.region,
      AWS_ENDPOINT_URL: this.endpoint.url,
      // The user's own profile must not lead anything to a real account.
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    };
  }

  /** Deploys an assembly, or the next one over it. Resolves when CloudFormation would be done. @throws TemplateError */
  async deploy(folder: string): Promise<void> {
    await this.engine.deploy(readCloudAssembly({ folder, region: this.options.identity.region }));
  }

  /** SIGKILL to what runs on instances, for who can't wait for {@link close}. */
  kill(): void {
    this.machines.kill();
  }

  /** Ends all that runs in it. Idempotent. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      this.cloudWatch.close();
      this.eventBridge.close();
      this.autoScaling.close();
      this.sqs.close();
      this.clock.close();
      await this.machines.close();
      await this.lambda.close();
      await Promise.all([this.endpoint.close(), this.responses.close(), this.functionLog.close()]);
    })();
    return this.closing;
  }

  private async openStore(store: Parameters<OpenStore>[0]): ReturnType<OpenStore> {
    const address = await this.options.openStore(store);
    // The template's endpoint means TLS, which this store has not.
    this.functionOverrides.FLEET_REDIS_ENDPOINT = `redis://${address.host}:${address.port}`;
    return address;
  }
}
