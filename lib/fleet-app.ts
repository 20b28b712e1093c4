import type { Construct } from 'constructs';
import { resolveFleetConfig, type FleetConfig } from '../core/deployment/fleet-config';
import type { FleetConfigInput } from '../core/deployment/fleet-config-schema';
import { FleetRegion } from './fleet-region';

export interface FleetAppOptions {
  /** An app, or a stage of one. */
  readonly scope: Construct;
  readonly config: FleetConfigInput;
  /** Folder with the image bundle (scripts/build-image-bundle.ts). */
  readonly imageBundle: string;
  /** Differs from deployment to deployment; makes each of them suspend again what has to stay suspended. */
  readonly deploymentId: string;
}

export interface BuiltFleetApp {
  readonly config: FleetConfig;
  /** In the order of the config; the first is the primary. */
  readonly regions: readonly FleetRegion[];
}

/**
 * All stacks of the default app.
 * @throws FleetError FLEET_ERR_CONFIG before anything is made, when the config is wrong
 */
export function buildFleetApp({
  scope,
  config: input,
  imageBundle,
  deploymentId,
}: FleetAppOptions): BuiltFleetApp {
  const config = resolveFleetConfig(input);
  const regions: FleetRegion[] = [];
  for (const region of config.regions) {
    regions.push(new FleetRegion(scope, { config, region, primary: regions[0], imageBundle, deploymentId }));
  }
  return { config, regions };
}
