import { resolveFleetConfig } from '../core/deployment/fleet-config';
import type { FleetConfigInput } from '../core/deployment/fleet-config-schema';

/**
 * Types and checks a deployment config; what fleet.config.ts exports.
 *
 * @throws FleetError FLEET_ERR_CONFIG: one line per mistake, with the path of the key and what is allowed
 */
export function defineFleet(input: FleetConfigInput): FleetConfigInput {
  resolveFleetConfig(input);
  return input;
}
