import { CARETAKER_METRICS } from '../drain/caretaker-metrics';
import type { FleetConfig, InstanceConfig } from './fleet-config';
import { METRIC_NAMES } from './fleet-metrics';

/**
 * What a fleet costs per month with nobody in a call: list prices of us-east-1, US dollars. Endpoints, load balancer
 * and store were compared with what others published in May and October 2026; the rest is of July 2026. None was read
 * from AWS by an account of ours: see docs/cost.md. Other regions are up to about a third dearer. Data out, which dwarfs all of this as soon as people talk, is not in it.
 */
export const PRICES = {
  hoursPerMonth: 730,
  /** Per address and hour, in use or not. */
  publicIpv4PerHour: 0.005,
  networkLoadBalancerPerHour: 0.0225,
  /** Per endpoint, zone and hour. */
  interfaceEndpointPerHour: 0.01,
  gp3PerGibMonth: 0.08,
  secretPerMonth: 0.4,
  /** Of 10 s or less; a standard one is 0.10. Metric math counts each metric that it reads. */
  highResolutionAlarmPerMetric: 0.3,
  standardAlarmPerMetric: 0.1,
  /** Beyond the free ones. */
  dashboardPerMonth: 3,
  customMetricPerMonth: 0.3,
  putMetricDataPerThousand: 0.01,
} as const;

/**
 * Per hour, on demand, us-east-1, Valkey: 0.8 of the price for Redis OSS. Compared with what others read from the AWS
 * Price List API on 2 October 2026, not read from it by us.
 */
const STORE_NODE_USD_PER_HOUR: Readonly<Record<string, number>> = {
  'cache.t4g.micro': 0.0128,
  'cache.t4g.small': 0.0256,
  'cache.t4g.medium': 0.052,
  'cache.m7g.large': 0.1264,
  'cache.m7g.xlarge': 0.252,
  'cache.r7g.large': 0.1752,
};

/** GiB of a node's root volume. */
const VOLUME_GIB = 16;
const INTERFACE_ENDPOINTS = 2;
const SHARED_SECRETS = 3;

/** Metrics that the alarms of a region read; each is paid. A test counts them in the template. */
export const ALARM_TERMS = { highResolution: 5, standard: 24, perStoreMember: 3 } as const;

export interface CostItem {
  what: string;
  /** US dollars per month; undefined when no price is known. */
  usdPerMonth: number | undefined;
}

export interface RegionCostFloor {
  region: string;
  items: CostItem[];
  /** Of the items with a known price. */
  usdPerMonth: number;
}

/** The floor of each region: its fewest nodes, all month, on demand, and what stands beside them. */
export function costFloor(config: FleetConfig): RegionCostFloor[] {
  return config.regions.map((region) => {
    const zones = region.availabilityZones.length;
    // A stopped instance of the warm pool costs its volume.
    const volumes = region.min + (config.nodes.warmPool?.minSize ?? 0);
    const items = [
      nodes(region.min, config.instances[0]),
      item(
        'public IPv4 addresses of the nodes and the load balancer',
        hours((region.min + zones) * PRICES.publicIpv4PerHour),
      ),
      item(`${volumes} volumes of ${VOLUME_GIB} GiB`, volumes * VOLUME_GIB * PRICES.gp3PerGibMonth),
      store(config),
      item('network load balancer, without its capacity units', hours(PRICES.networkLoadBalancerPerHour)),
      item(
        `${INTERFACE_ENDPOINTS} interface endpoints in ${zones} zones`,
        hours(INTERFACE_ENDPOINTS * zones * PRICES.interfaceEndpointPerHour),
      ),
      item('secrets', (1 + SHARED_SECRETS) * PRICES.secretPerMonth),
      item('metrics, alarms and dashboard', monitoring(region.min, 1 + config.store.replicas)),
    ];
    return {
      region: region.name,
      items,
      usdPerMonth: items.reduce((sum, { usdPerMonth = 0 }) => sum + usdPerMonth, 0),
    };
  });
}

function nodes(count: number, instance: InstanceConfig | undefined): CostItem {
  const price = instance?.capacity.usdPerHour ?? Number.NaN;
  return item(
    `${count} ${instance?.type} on demand`,
    Number.isFinite(price) ? hours(count * price) : undefined,
  );
}

function store({ store: { nodeType, replicas } }: FleetConfig): CostItem {
  const price = STORE_NODE_USD_PER_HOUR[nodeType];
  return item(`${1 + replicas} ${nodeType}`, price === undefined ? undefined : hours((1 + replicas) * price));
}

/** The nodes' metrics and the Lambdas'; a PutMetricData every 10 s and node; what the alarms read. */
function monitoring(nodeCount: number, storeMembers: number): number {
  const { highResolution, standard, perStoreMember } = ALARM_TERMS;
  const calls = (nodeCount * PRICES.hoursPerMonth * 3_600) / 10;
  return (
    (METRIC_NAMES.length + CARETAKER_METRICS.length) * PRICES.customMetricPerMonth +
    (calls / 1_000) * PRICES.putMetricDataPerThousand +
    highResolution * PRICES.highResolutionAlarmPerMetric +
    (standard + storeMembers * perStoreMember) * PRICES.standardAlarmPerMetric +
    PRICES.dashboardPerMonth
  );
}

function hours(usdPerHour: number): number {
  return usdPerHour * PRICES.hoursPerMonth;
}

function item(what: string, usdPerMonth: number | undefined): CostItem {
  return { what, usdPerMonth };
}
