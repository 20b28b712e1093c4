import { DEFAULT_INSTANCE_TYPES, DEFAULT_EGRESS_FRACTION } from '../core/deployment/fleet-config-schema';
import type { FleetConfigInput } from '../core/deployment/fleet-config-schema';
import { INSTANCE_CAPACITIES } from '../core/deployment/instance-capacity';
import { FleetError } from '../core/errors';

export interface ConfigOverrides {
  /** JSON, merged over the config: objects by key, everything else in its place. */
  overrides?: unknown;
  /** What every instance can safely send, Mbit/s. */
  capacityMbps?: unknown;
}

/**
 * A deployment config with a few values of a trial: what `-c overrides=…` and `-c capacityMbps=…` give the CDK app. The
 * result is validated as any config is.
 * @throws FleetError FLEET_ERR_CONFIG for an override that is none
 */
export function overrideConfig(config: FleetConfigInput, given: ConfigOverrides): FleetConfigInput {
  const merged = given.overrides === undefined ? config : merge(config, parse(given.overrides));
  return given.capacityMbps === undefined ? merged : withCapacity(merged, Number(given.capacityMbps));
}

/** The same types, with limits so low that a laptop fills an instance. */
function withCapacity(config: FleetConfigInput, capacityMbps: number): FleetConfigInput {
  if (!(capacityMbps > 0)) {
    throw new FleetError('FLEET_ERR_CONFIG', { message: 'capacityMbps: must be a positive number' });
  }
  const { nodes = {} } = config;
  const { instanceTypes = DEFAULT_INSTANCE_TYPES, egressFraction = DEFAULT_EGRESS_FRACTION } = nodes;
  const baselineGbps = capacityMbps / egressFraction / 1_000;
  const limits = instanceTypes.map((type) => {
    const { vcpus, architecture } = nodes.instanceLimits?.[type] ?? INSTANCE_CAPACITIES[type] ?? {};
    if (vcpus === undefined || architecture === undefined) {
      throw new FleetError('FLEET_ERR_CONFIG', {
        message: `nodes.instanceTypes: no capacity data for ${type}`,
      });
    }
    return [type, { vcpus, architecture, baselineGbps }] as const;
  });
  return { ...config, nodes: { ...nodes, instanceLimits: Object.fromEntries(limits) } };
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch (cause) {
    throw new FleetError('FLEET_ERR_CONFIG', { message: 'overrides: must be JSON', cause });
  }
}

function merge<T>(base: T, over: unknown): T {
  if (!isRecord(base) || !isRecord(over)) return over as T;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(merged[key], value);
  return merged as T;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
