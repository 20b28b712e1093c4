import { Stack, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { resolveFleetConfig } from '../core/deployment/fleet-config';
import type { FleetConfigInput } from '../core/deployment/fleet-config-schema';
import { FleetError } from '../core/errors';
import { AlarmTopic } from './constructs/alarm-topic';
import { ExistingNetwork, type ExistingNetworkProps } from './constructs/existing-network';
import { FleetDashboard } from './constructs/fleet-dashboard';
import { SharedSecrets, StoreSecret } from './constructs/fleet-secrets';
import { Network } from './constructs/network';
import { NodeFleet } from './constructs/node-fleet';
import { PlacementStore } from './constructs/placement-store';
import { buildDefaultImageBundle } from './image-bundle';

export interface MediasoupFleetProps {
  /** The name that browsers connect to, with the Route 53 zone that it is in, or an existing certificate. */
  readonly domain: FleetConfigInput['domain'];
  /** Zones of the stack's region to run in, at least two. With `network` those of its subnets. */
  readonly availabilityZones: string[];
  /** A VPC of yours to run in. @default one is made: dual-stack, without a NAT gateway */
  readonly network?: ExistingNetworkProps;
  /** Names group, secrets and logs; once per account and region. @default 'fleet' */
  readonly name?: string;
  /** Instance types, numbers, spot, warm pool. @default 2 to 20 on-demand c7gn.large */
  readonly nodes?: FleetConfigInput['nodes'];
  /** When the fleet grows and shrinks. @default out at 65 % for 60 s, in below 40 % for 15 min */
  readonly scaling?: FleetConfigInput['scaling'];
  /** How long a leaving node may take. @default 30 min, in a release 4 h */
  readonly drain?: FleetConfigInput['drain'];
  /** How a release reaches the nodes. @default all new nodes first, then 10 min of watching the alarms */
  readonly release?: FleetConfigInput['release'];
  /** What the nodes' image is baked on. @default the newest Debian 12 at the time of baking */
  readonly image?: FleetConfigInput['image'];
  /** The placement store. @default cache.t4g.small with one replica */
  readonly store?: FleetConfigInput['store'];
  /** Where alarms go. @default to `alarmTopic`, without a subscriber */
  readonly alarms?: FleetConfigInput['alarms'];
  /** Days. @default 30 */
  readonly logRetentionDays?: FleetConfigInput['logRetentionDays'];
  /** Folder with an image bundle. @default this package's own, built when it is not current */
  readonly imageBundle?: string;
  /** Differs from deployment to deployment, so that each suspends AZRebalance again. @default the time of synthesis */
  readonly deploymentId?: string;
}

/**
 * A mediasoup fleet of one region inside a team's own stack: network, placement store, image, nodes, load balancer,
 * scaling, drain, alarms and dashboard. The stack has to name its region. For several regions see `buildFleetApp`.
 *
 * @throws FleetError FLEET_ERR_CONFIG: one line per mistake, with the path of the key and what is allowed
 */
export class MediasoupFleet extends Construct {
  readonly vpc: ec2.IVpc;
  /** What browsers connect to. */
  readonly url: string;
  /** Gets every alarm. */
  readonly alarmTopic: sns.ITopic;
  /** Signs peers' access tokens: `{"current", "previous"?}`. For the service that admits people to calls. */
  readonly tokenSecret: secretsmanager.ISecret;
  /** Signs operators' tokens. */
  readonly adminTokenSecret: secretsmanager.ISecret;
  /** Name of the Auto Scaling group. */
  readonly groupName: string;

  constructor(scope: Construct, id: string, props: MediasoupFleetProps) {
    super(scope, id);
    const { availabilityZones, network: existing, imageBundle, deploymentId, ...rest } = props;
    const { region: regionName } = Stack.of(this);
    if (Token.isUnresolved(regionName)) {
      throw new FleetError('FLEET_ERR_CONFIG', {
        message: `the stack of ${this.node.path} must name its region, e.g. env: { region: 'eu-central-1' }`,
      });
    }
    const config = resolveFleetConfig({ ...rest, regions: [{ name: regionName, availabilityZones }] });
    const [region] = config.regions;
    if (!region) throw new FleetError('FLEET_ERR_CONFIG', { message: 'regions: none' });
    const network = existing
      ? new ExistingNetwork(this, 'Network', existing)
      : new Network(this, 'Network', { availabilityZones, logRetentionDays: config.logRetentionDays });
    const alarmTopic = new AlarmTopic(this, 'Alarms', { email: config.alarms.email }).topic;
    const sharedSecrets = new SharedSecrets(this, 'Secrets', { fleetName: config.name });
    const { secret: storeSecret } = new StoreSecret(this, 'StoreSecret');
    const store = new PlacementStore(this, 'Store', {
      network,
      nodeType: config.store.nodeType,
      replicas: config.store.replicas,
      authSecret: storeSecret,
      alarmTopic,
    });
    const fleet = new NodeFleet(this, 'Fleet', {
      network,
      store,
      storeSecret,
      sharedSecrets,
      alarmTopic,
      config,
      region,
      imageBundle: imageBundle ?? buildDefaultImageBundle(),
      deploymentId: deploymentId ?? new Date().toISOString(),
    });
    new FleetDashboard(this, 'Dashboard', {
      name: `${config.name}-${regionName}`,
      fleet,
      store,
      scaleOutUtilization: config.scaling.scaleOutUtilization,
    });
    this.vpc = network.vpc;
    this.url = fleet.loadBalancer.url;
    this.alarmTopic = alarmTopic;
    this.tokenSecret = sharedSecrets.token;
    this.adminTokenSecret = sharedSecrets.adminToken;
    this.groupName = fleet.groupName;
  }
}
