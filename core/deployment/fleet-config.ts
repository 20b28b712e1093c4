import type { z } from 'zod';
import type { CapacityVector } from '../capacity/capacity-vector';
import { safeCapacity } from '../capacity/safe-capacity';
import { FleetError } from '../errors';
import { fleetConfigSchema, type ParsedFleetConfig } from './fleet-config-schema';
import { instanceCapacity, sustainedInternetEgressBps, type InstanceCapacity } from './instance-capacity';
import { isKnownRegion } from './regions';

/** One region of the resolved config. */
export interface RegionConfig {
  name: string;
  availabilityZones: string[];
  min: number;
  max: number;
  /** AMI id, or `ssm:` and a parameter. */
  baseImage: string;
}

export interface InstanceConfig {
  type: string;
  capacity: InstanceCapacity;
  /** What placement may commit on a node of this type. */
  safe: CapacityVector;
}

/** The config with every default filled in and every instance type known. */
export interface FleetConfig extends Omit<ParsedFleetConfig, 'regions'> {
  regions: RegionConfig[];
  /** Of all instance types. */
  architecture: InstanceCapacity['architecture'];
  /** In the order of `nodes.instanceTypes`. */
  instances: InstanceConfig[];
}

/** The longest that a lifecycle hook can hold an instance, minutes: 48 h or 100 heartbeats, whichever is less. */
function hookLimitMinutes(heartbeatTimeoutSeconds: number): number {
  return Math.min(48 * 60, (100 * heartbeatTimeoutSeconds) / 60);
}

/** @throws FleetError FLEET_ERR_CONFIG: one line per mistake, each with the path of the key and what is allowed */
export function resolveFleetConfig(input: unknown): FleetConfig {
  const parsed = fleetConfigSchema.safeParse(input);
  if (!parsed.success) {
    throw configError(parsed.error.issues.flatMap(mistakesOf));
  }
  const config = parsed.data;
  const mistakes: string[] = [];
  const instances = config.nodes.instanceTypes.flatMap((type, index) => {
    try {
      const capacity = capacityOf(type, config);
      const safe = safeCapacity({
        sustainedEgressBps: sustainedInternetEgressBps(capacity),
        workers: capacity.vcpus,
        egressFraction: config.nodes.egressFraction,
      });
      return [{ type, capacity, safe }];
    } catch (error) {
      mistakes.push(`nodes.instanceTypes.${index}: ${FleetError.from(error).message}`);
      return [];
    }
  });
  const architectures = new Set(instances.map(({ capacity }) => capacity.architecture));
  if (architectures.size > 1) mistakes.push('nodes.instanceTypes: all types must have one architecture');
  const regions = config.regions.map((region, index): RegionConfig => {
    const min = region.nodes.min ?? config.nodes.min;
    const max = region.nodes.max ?? config.nodes.max;
    if (!isKnownRegion(region.name)) {
      mistakes.push(`regions.${index}.name: ${region.name} is not an AWS region`);
    } else {
      const foreign = region.availabilityZones.filter((zone) => !zone.startsWith(region.name));
      for (const zone of foreign) {
        mistakes.push(`regions.${index}.availabilityZones: ${zone} is not in ${region.name}`);
      }
    }
    if (min > max) mistakes.push(`regions.${index}.nodes: min ${min} is above max ${max}`);
    for (const floor of config.scaling.scheduledFloors) {
      if (floor.min > max)
        mistakes.push(`scaling.scheduledFloors ${floor.name}: min ${floor.min} is above max ${max}`);
    }
    const baseImage =
      region.baseImage ?? config.image.baseImage ?? newestDebian(instances[0]?.capacity.architecture);
    return { name: region.name, availabilityZones: region.availabilityZones, min, max, baseImage };
  });
  const names = regions.map(({ name }) => name);
  if (new Set(names).size < names.length) mistakes.push('regions: each region once');
  if (config.domain.hostedZoneId === undefined && config.domain.certificateArn === undefined) {
    mistakes.push('domain: give hostedZoneId, or certificateArn of an existing certificate');
  }
  if (config.domain.certificateArn !== undefined && regions.length > 1) {
    mistakes.push('domain.certificateArn: a certificate lives in one region; with several give hostedZoneId');
  }
  if (config.scaling.scaleInUtilization >= config.scaling.scaleOutUtilization) {
    mistakes.push('scaling.scaleInUtilization: must be below scaleOutUtilization');
  }
  const limit = hookLimitMinutes(config.drain.heartbeatTimeoutSeconds);
  for (const key of ['scaleInMinutes', 'imageRollMinutes'] as const) {
    if (config.drain[key] > limit) {
      mistakes.push(
        `drain.${key}: at most ${Math.floor(limit)} (48 h, or 100 heartbeats of heartbeatTimeoutSeconds)`,
      );
    }
  }
  const [first] = instances;
  if (mistakes.length > 0 || !first) throw configError(mistakes);
  return { ...config, regions, instances, architecture: first.capacity.architecture };
}

/** A key that is meant to hold a secret, whatever it is called. */
const SECRET_KEY = /password|passwd|secret|token|credential|auth|private|(^|[a-z])keys?$/i;

/** One line for each key that is wrong; never with its value, which could be a secret. */
function mistakesOf(issue: z.core.$ZodIssue): string[] {
  const line = (path: PropertyKey[], rule: string) => `${path.join('.') || 'config'}: ${rule}`;
  if (issue.code !== 'unrecognized_keys') return [line(issue.path, issue.message)];
  return issue.keys.map((key) =>
    line(
      [...issue.path, key],
      SECRET_KEY.test(key)
        ? 'no secret may stand in the config: the deployment makes its own in Secrets Manager, see docs/operations.md'
        : 'there is no such setting, see docs/configuration.md',
    ),
  );
}

/** Debian's own public parameters; its name for x86_64 is amd64. Source: wiki.debian.org/Cloud/AmazonEC2Image. */
function newestDebian(architecture: InstanceCapacity['architecture'] = 'arm64'): string {
  return `ssm:/aws/service/debian/release/12/latest/${architecture === 'arm64' ? 'arm64' : 'amd64'}`;
}

function capacityOf(type: string, config: ParsedFleetConfig): InstanceCapacity {
  const given = config.nodes.instanceLimits[type];
  if (!given) return instanceCapacity(type);
  return {
    vcpus: given.vcpus,
    architecture: given.architecture,
    baselineBps: given.baselineGbps * 1e9,
    usdPerHour: Number.NaN,
  };
}

function configError(mistakes: string[]): FleetError {
  return new FleetError('FLEET_ERR_CONFIG', { message: mistakes.join('\n') });
}
