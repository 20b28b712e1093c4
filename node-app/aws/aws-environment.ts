import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock, RandomSource, Timer } from '../../core/clock';
import { safeCapacity } from '../../core/capacity/safe-capacity';
import { INSTANCE_CAPACITIES, sustainedInternetEgressBps } from '../../core/deployment/instance-capacity';
import { ownDrainId } from '../../core/drain/drain-command';
import { NETWORK_PORTS } from '../../core/deployment/network-ports';
import { FleetError } from '../../core/errors';
import type { NodeConfig } from '../config';
import type { HostedNode, HostEnvironment } from '../host-environment';
import { checkAnnouncedAddress } from './announced-address-check';
import { parseAwsVariables, type AwsVariables } from './aws-variables';
import { CloudWatchPublisher } from './cloudwatch-publisher';
import { readEnaCounters } from './ena-counters';
import { readSecrets, readStorePasswords, type SecretsPort } from './fleet-secrets';
import {
  InstanceMetadata,
  type InstanceAddresses,
  type InstanceIdentity,
  type SpotAction,
  type TargetLifecycleState,
} from './instance-metadata';
import { LifecycleActions } from './lifecycle-actions';
import { LifecycleWatcher } from './lifecycle-watcher';

export interface AwsClients {
  secrets: SecretsPort;
  cloudWatch: Pick<CloudWatchClient, 'send'>;
  autoScaling: Pick<AutoScalingClient, 'send'>;
}

export interface PrepareAwsOptions {
  /** The process's variables. */
  environment: NodeJS.ProcessEnv;
  clock: Clock;
  random: RandomSource;
  /** @default the SDK's clients, in the instance's region */
  clients?: AwsClients;
}

/**
 * How long a node of a group waits for Auto Scaling to say what the instance is for, milliseconds. Then it serves: an
 * instance that was detached from its group is told nothing.
 */
const TARGET_STATE_WAIT_MS = 30_000;

/**
 * A drain that the node begins by itself counts as issued so much earlier, milliseconds: the drain Lambda, which knows
 * the reason and its window, has the last word about the same end of the same instance.
 */
const OWN_DRAIN_YIELDS_MS = 60_000;

/** SDK calls: time-outs in milliseconds, and tries. */
const SDK_LIMITS = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000 },
};

/**
 * The node on an EC2 instance of an Auto Scaling group: fills in what the instance knows of itself, reads the secrets,
 * proves the announced address, enters placement when the instance is in service, drains when it is to end, and
 * publishes the metrics that scaling looks at.
 */
export class AwsEnvironment implements HostEnvironment {
  readonly clock: Clock;
  /** The process's variables, completed; for `parseConfig`. Holds secrets. */
  readonly variables: NodeJS.ProcessEnv;
  /** The store's passwords of now, to be tried in this order; undefined when its secret is not named. */
  readonly storePasswords: (() => Promise<string[]>) | undefined;
  #node: HostedNode | undefined;
  #logger: Logger | undefined;
  #entered: Promise<void> | undefined;
  #watcher: LifecycleWatcher | undefined;
  #actions: LifecycleActions | undefined;
  #publisher: CloudWatchPublisher | undefined;
  #stateWait: Timer | undefined;
  /** What Auto Scaling wants; undefined until it says so. */
  #targetState: TargetLifecycleState | undefined;
  #closed = false;

  private constructor(
    private readonly options: PrepareAwsOptions,
    private readonly own: AwsVariables,
    private readonly metadata: InstanceMetadata,
    private readonly identity: InstanceIdentity,
    private readonly addresses: InstanceAddresses,
    private readonly clients: AwsClients,
    secretVariables: NodeJS.ProcessEnv,
  ) {
    this.clock = options.clock;
    const given = Object.entries(options.environment).filter(([, value]) => value !== '');
    this.variables = {
      ...instanceVariables(identity, addresses, options.environment),
      ...Object.fromEntries(given),
      ...secretVariables,
    };
    const arn = own.FLEET_REDIS_SECRET_ARN;
    this.storePasswords = arn === undefined ? undefined : () => readStorePasswords(clients.secrets, arn);
  }

  /**
   * Asks the instance metadata and Secrets Manager.
   * @throws FleetError FLEET_ERR_CONFIG when a variable or secret is wrong, FLEET_ERR_INTERNAL when a service can't be
   *   reached: then it is worth trying again
   */
  static async prepare(options: PrepareAwsOptions): Promise<AwsEnvironment> {
    const { environment, clock } = options;
    const own = parseOrThrow(environment);
    const metadata = new InstanceMetadata({
      clock,
      baseUrl: environment.AWS_EC2_METADATA_SERVICE_ENDPOINT || undefined,
    });
    const [identity, addresses] = await Promise.all([metadata.identity(), metadata.addresses()]);
    const clients = options.clients ?? sdkClients(environment.AWS_REGION || identity.region);
    const secrets = await readSecrets(clients.secrets, own, environment);
    return new AwsEnvironment(options, own, metadata, identity, addresses, clients, secrets);
  }

  /** @throws FleetError FLEET_ERR_CONFIG when the announced address is not this node's */
  async checkAnnouncedAddress(config: NodeConfig, logger: Logger): Promise<void> {
    const { FLEET_MEDIA_ANNOUNCED_ADDRESS: announcedAddress } = config;
    if (announcedAddress === undefined) return;
    const proof = await checkAnnouncedAddress({
      announcedAddress,
      listenIp: config.FLEET_MEDIA_LISTEN_IP,
      port: config.FLEET_MEDIA_PORT_BASE,
      addresses: this.addresses,
      clock: this.options.clock,
    });
    logger.info({ announcedAddress, proof }, 'the announced address is this node’s');
  }

  /** What the environment does is logged here. Before `attach`. */
  logTo(logger: Logger): void {
    this.#logger = logger;
  }

  async attach(node: HostedNode): Promise<void> {
    if (this.#closed) return;
    this.#node = node;
    const { clock } = this.options;
    const logger = this.#requireLogger();
    const group = this.own.FLEET_AWS_ASG_NAME;
    if (group !== undefined) {
      this.#actions = new LifecycleActions({
        client: this.clients.autoScaling,
        autoScalingGroupName: group,
        instanceId: this.identity.instanceId,
        launchHook: this.own.FLEET_AWS_LAUNCH_HOOK,
        terminateHook: this.own.FLEET_AWS_TERMINATE_HOOK,
        heartbeatTimeoutSeconds: this.own.FLEET_AWS_HOOK_HEARTBEAT_SECONDS,
        clock,
        logger,
      });
    }
    let isStateKnown = false;
    this.#watcher = new LifecycleWatcher({
      metadata: this.metadata,
      onTargetState: (state) => {
        isStateKnown = true;
        this.#stateWait?.cancel();
        this.#onTargetState(state);
      },
      onSpotAction: (action) => this.#onSpotAction(action),
      clock,
      logger,
    });
    await this.#watcher.start();
    if (isStateKnown) {
      await this.#entered;
    } else if (group === undefined) {
      await this.#enter();
    } else {
      logger.info('waiting for Auto Scaling to say what this instance is for');
      this.#stateWait = clock.setTimer(TARGET_STATE_WAIT_MS, () => {
        logger.warn('Auto Scaling says nothing about this instance: serving');
        void this.#enter();
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#stateWait?.cancel();
    this.#watcher?.close();
    this.#actions?.close();
    this.#publisher?.close();
  }

  #onTargetState(state: TargetLifecycleState): void {
    this.#targetState = state;
    switch (state) {
      case 'InService':
      case 'Standby':
      case 'Detached':
        void this.#enter();
        break;
      case 'Warmed:Running':
      case 'Warmed:Stopped':
      case 'Warmed:Hibernated':
        if (this.#entered) this.#requireLogger().warn({ state }, 'the instance goes back to the warm pool');
        // The pool has its own wait at the launch hook: the node is up, that is all it asks.
        else void this.#actions?.completeLaunch();
        break;
      case 'Terminated':
        this.#leave();
        break;
      case 'Warmed:Terminated':
        break;
    }
  }

  /** Idempotent; never rejects. */
  async #enter(): Promise<void> {
    this.#entered ??= (async () => {
      const node = this.#node;
      if (!node || this.#closed) return;
      const logger = this.#requireLogger();
      try {
        await node.enter();
        logger.info('the node takes work');
        this.#publish(node);
        void this.#actions?.completeLaunch();
      } catch (error) {
        logger.error({ err: error }, 'the node could not enter placement');
      }
    })();
    return this.#entered;
  }

  #leave(): void {
    const node = this.#node;
    // Without having served there is nobody to see off.
    if (!node || !this.#entered) return;
    const nowMs = this.options.clock.nowMs();
    node.drain({
      commandId: ownDrainId(this.identity.instanceId),
      reason: 'scale-in',
      issuedAtMs: nowMs - OWN_DRAIN_YIELDS_MS,
      deadlineAtMs: nowMs + this.own.FLEET_AWS_DRAIN_MINUTES * 60_000,
    });
    this.#actions?.keepAlive(() => {
      const { state, drainFailed } = node.figures();
      return state !== 'DRAINED' && !drainFailed;
    });
  }

  #onSpotAction({ atMs }: SpotAction): void {
    const issuedAtMs = this.options.clock.nowMs();
    this.#node?.drain({
      // As the drain Lambda calls it: the same notice.
      commandId: `spot:${this.identity.instanceId}`,
      reason: 'spot',
      issuedAtMs,
      deadlineAtMs: Math.max(atMs, issuedAtMs),
    });
  }

  #publish(node: HostedNode): void {
    const group = this.own.FLEET_AWS_ASG_NAME;
    if (group === undefined || this.#closed) return;
    this.#publisher = new CloudWatchPublisher({
      client: this.clients.cloudWatch,
      autoScalingGroupName: group,
      figures: async () => ({
        ...node.figures(),
        ena: await readEnaCounters(),
        isInService: this.#targetState === undefined || this.#targetState === 'InService',
      }),
      clock: this.options.clock,
      random: this.options.random,
      logger: this.#requireLogger(),
    });
    this.#publisher.start();
  }

  #requireLogger(): Logger {
    if (!this.#logger) throw new Error('logTo() comes before attach()');
    return this.#logger;
  }
}

/** Defaults on an instance; each gives way to a variable of its name. */
function instanceVariables(
  { instanceId, instanceType, region }: InstanceIdentity,
  { publicIpv4, ipv6, privateIpv4 }: InstanceAddresses,
  given: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const announced = publicIpv4 ?? ipv6[0];
  if (announced === undefined && !given.FLEET_MEDIA_ANNOUNCED_ADDRESS) {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message:
        'the instance has no public address, and FLEET_MEDIA_ANNOUNCED_ADDRESS is not set: clients could not reach its media',
    });
  }
  const capacity = INSTANCE_CAPACITIES[instanceType];
  const safe = capacity && {
    ...safeCapacity({
      sustainedEgressBps: sustainedInternetEgressBps(capacity),
      workers: Number(given.FLEET_WORKERS || capacity.vcpus),
    }),
  };
  const linkPort = given.FLEET_LINK_PORT || String(NETWORK_PORTS.link);
  return {
    FLEET_NODE_ID: instanceId,
    FLEET_REGION: region,
    FLEET_LISTEN_HOST: '0.0.0.0',
    FLEET_HTTP_PORT: String(NETWORK_PORTS.http),
    FLEET_LINK_HOST: '0.0.0.0',
    FLEET_LINK_PORT: linkPort,
    FLEET_LINK_ADDRESS: `${privateIpv4}:${linkPort}`,
    FLEET_MEDIA_LISTEN_IP: '0.0.0.0',
    FLEET_MEDIA_ANNOUNCED_ADDRESS: announced,
    FLEET_MEDIA_PORT_BASE: String(NETWORK_PORTS.mediaBase),
    FLEET_PIPE_PORT_MIN: String(NETWORK_PORTS.pipeMin),
    FLEET_PIPE_PORT_MAX: String(NETWORK_PORTS.pipeMax),
    ...(safe
      ? {
          FLEET_CAPACITY_EGRESS_BPS: String(safe.egressBps),
          FLEET_CAPACITY_PACKETS_PER_SECOND: String(safe.packetsPerSecond),
        }
      : {}),
  };
}

function sdkClients(region: string): AwsClients {
  return {
    secrets: new SecretsManagerClient({ region, ...SDK_LIMITS }),
    // One try: the next period's request is the next try.
    cloudWatch: new CloudWatchClient({ region, ...SDK_LIMITS, maxAttempts: 1 }),
    autoScaling: new AutoScalingClient({ region, ...SDK_LIMITS }),
  };
}

function parseOrThrow(environment: NodeJS.ProcessEnv): AwsVariables {
  try {
    return parseAwsVariables(environment);
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: `${String(issue?.path[0] ?? 'FLEET_AWS')} ${issue?.message ?? 'is not valid'}`,
    });
  }
}
