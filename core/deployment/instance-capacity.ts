import { FleetError } from '../errors';

/** What an EC2 instance type can carry, as far as an SFU is concerned. */
export interface InstanceCapacity {
  vcpus: number;
  architecture: 'arm64' | 'x86_64';
  /** Baseline ("sustained") network bandwidth, bits per second; "up to N Gbit/s" in the catalogue is burst on credits. */
  baselineBps: number;
  /** On-demand price in us-east-1 for Linux, US dollars per hour. For estimates only. */
  usdPerHour: number;
}

const GBPS = 1_000_000_000;

function instance(
  vcpus: number,
  architecture: InstanceCapacity['architecture'],
  baselineGbps: number,
  usdPerHour: number,
): InstanceCapacity {
  return { vcpus, architecture, baselineBps: baselineGbps * GBPS, usdPerHour };
}

/**
 * Source: the EC2 instance type pages ("network specifications": baseline bandwidth) and the on-demand price list of
 * us-east-1, both of July 2026.
 */
export const INSTANCE_CAPACITIES: Readonly<Record<string, InstanceCapacity>> = {
  'c7g.xlarge': instance(4, 'arm64', 1.876, 0.145),
  'c7g.4xlarge': instance(16, 'arm64', 7.5, 0.58),
  'c8g.xlarge': instance(4, 'arm64', 1.876, 0.1595),
  'c7gn.large': instance(2, 'arm64', 6.25, 0.1248),
  'c7gn.xlarge': instance(4, 'arm64', 12.5, 0.2496),
  'c8gn.large': instance(2, 'arm64', 6.25, 0.1185),
  'c8gn.xlarge': instance(4, 'arm64', 12.5, 0.237),
  'c8gn.8xlarge': instance(32, 'arm64', 100, 1.896),
  'c7i.xlarge': instance(4, 'x86_64', 1.562, 0.1785),
  'c6in.large': instance(2, 'x86_64', 3.125, 0.1134),
  'c6in.xlarge': instance(4, 'x86_64', 6.25, 0.2268),
  'c6in.8xlarge': instance(32, 'x86_64', 50, 1.8144),
};

/**
 * What an instance can send through an internet gateway for hours, bits per second: its baseline, but at most 5 Gbit/s
 * below 32 vCPU, and at most half of it (or 5 Gbit/s, if more) from 32 vCPU on. Source: EC2 user guide, "Amazon EC2
 * instance network bandwidth".
 */
export function sustainedInternetEgressBps({ vcpus, baselineBps }: InstanceCapacity): number {
  const gatewayCapBps = vcpus < 32 ? 5 * GBPS : Math.max(5 * GBPS, baselineBps / 2);
  return Math.min(baselineBps, gatewayCapBps);
}

/** @throws FleetError FLEET_ERR_CONFIG that lists the types of the same family, or all */
export function instanceCapacity(instanceType: string): InstanceCapacity {
  const known = INSTANCE_CAPACITIES[instanceType];
  if (known) return known;
  const [family = ''] = instanceType.split('.');
  const all = Object.keys(INSTANCE_CAPACITIES);
  const generation = family.slice(0, 2);
  const near = all.filter((name) => name.startsWith(`${family}.`) || name.startsWith(generation));
  throw new FleetError('FLEET_ERR_CONFIG', {
    message:
      `no capacity data for instance type ${instanceType}; near types with data: ` +
      `${(near.length > 0 ? near : all).join(', ')}. To use it all the same, give vcpus, baselineGbps and architecture in nodes.instanceLimits`,
  });
}
