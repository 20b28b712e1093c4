import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { FleetConfigInput } from '../core/deployment/fleet-config-schema';
import { FleetError } from '../core/errors';

/**
 * The default export of a config file, relative to the current folder.
 * @throws FleetError FLEET_ERR_CONFIG, also for what `defineFleet` finds in it
 */
export function loadConfig(file: string): FleetConfigInput {
  const path = resolve(file);
  if (!existsSync(path)) throw new FleetError('FLEET_ERR_CONFIG', { message: `${file} does not exist` });
  // Not import(): the process reads TypeScript through tsx's hook of require.
  const { default: exported } = createRequire(__filename)(path) as { default?: FleetConfigInput };
  if (exported && 'regions' in exported) return exported;
  throw new FleetError('FLEET_ERR_CONFIG', { message: `${file} has to export default defineFleet({ … })` });
}
