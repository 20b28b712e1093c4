import { Stack, type Environment } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { FleetConfig, RegionConfig } from '../core/deployment/fleet-config';
import { AlarmTopic } from './constructs/alarm-topic';
import { FleetDashboard } from './constructs/fleet-dashboard';
import { SharedSecrets, StoreSecret } from './constructs/fleet-secrets';
import { Network } from './constructs/network';
import { NodeFleet } from './constructs/node-fleet';
import { PlacementStore } from './constructs/placement-store';

export interface FleetRegionProps {
  readonly config: FleetConfig;
  readonly region: RegionConfig;
  /** The first region: holds the shared secrets. @default this one is the primary */
  readonly primary?: FleetRegion;
  /** Folder with the image bundle. */
  readonly imageBundle: string;
  /** Differs from deployment to deployment. */
  readonly deploymentId: string;
}

/** A stack that knows its zones: the CDK would look them up, or settle for two. */
class RegionStack extends Stack {
  readonly #zones: string[];

  constructor(scope: Construct, id: string, props: { name: string; env: Environment; zones: string[] }) {
    super(scope, id, {
      stackName: props.name,
      env: props.env,
      description: `mediasoup-fleet: ${id}`,
      // A fleet is not to be deleted by a slip; docs/deploy.md says how to.
      terminationProtection: true,
    });
    this.#zones = props.zones;
  }

  override get availabilityZones(): string[] {
    return this.#zones;
  }
}

/**
 * One region, a full fleet, as the stacks `REGION/network`, `REGION/store`, `REGION/fleet` and `REGION/observability`; in
 * the primary region also `REGION/secrets`, upon which the other regions wait. They are not CDK Stages, between
 * which there can be no such order; `cdk deploy 'REGION/*'` works all the same.
 */
export class FleetRegion extends Construct {
  /** Only in the primary region. */
  readonly secretsStack: Stack | undefined;
  readonly fleet: NodeFleet;
  readonly stacks: Readonly<Record<'network' | 'store' | 'fleet' | 'observability', Stack>>;

  constructor(scope: Construct, props: FleetRegionProps) {
    const { config, region, primary } = props;
    super(scope, region.name);
    const stack = (id: string) =>
      new RegionStack(this, id, {
        name: `${config.name}-${id}`,
        env: { region: region.name, account: config.account },
        zones: region.availabilityZones,
      });
    const { logRetentionDays } = config;

    this.secretsStack = primary ? undefined : stack('secrets');
    this.stacks = {
      network: stack('network'),
      store: stack('store'),
      fleet: stack('fleet'),
      observability: stack('observability'),
    };
    const sharedSecrets = this.secretsStack
      ? new SharedSecrets(this.secretsStack, 'Secrets', {
          fleetName: config.name,
          replicaRegions: config.regions.map(({ name }) => name).filter((name) => name !== region.name),
        })
      : SharedSecrets.named(this.stacks.fleet, 'Secrets', config.name);
    if (primary?.secretsStack) this.stacks.fleet.addStackDependency(primary.secretsStack);

    const network = new Network(this.stacks.network, 'Network', {
      availabilityZones: region.availabilityZones,
      logRetentionDays,
    });
    const alarmTopic = new AlarmTopic(this.stacks.network, 'Alarms', { email: config.alarms.email }).topic;
    const { secret: storeSecret } = new StoreSecret(this.stacks.store, 'Secret');
    const store = new PlacementStore(this.stacks.store, 'Store', {
      network,
      nodeType: config.store.nodeType,
      replicas: config.store.replicas,
      authSecret: storeSecret,
      alarmTopic,
    });
    this.fleet = new NodeFleet(this.stacks.fleet, 'Fleet', {
      network,
      store,
      storeSecret,
      sharedSecrets,
      alarmTopic,
      config,
      region,
      imageBundle: props.imageBundle,
      deploymentId: props.deploymentId,
    });
    new FleetDashboard(this.stacks.observability, 'Dashboard', {
      name: `${config.name}-${region.name}`,
      fleet: this.fleet,
      store,
      scaleOutUtilization: config.scaling.scaleOutUtilization,
    });
  }
}
