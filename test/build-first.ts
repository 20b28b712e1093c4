import { resolve } from 'node:path';
import { CAPACITY_MBPS, SHARED_OVERRIDES } from '../local/scenarios/scenario';
import { buildCloudAssembly } from '../scripts/build-cloud-assembly';
import { buildNodeApp } from '../scripts/build-node-app';
import { buildWeb } from '../scripts/build-web';

const ROOT = resolve(__dirname, '..');

/** What suites of whole fleets would otherwise build in the middle, two of them at the same time. */
async function buildFirst(): Promise<void> {
  const configFile = resolve(ROOT, 'fleet.config.ts');
  await Promise.all([buildNodeApp(), buildWeb({ outDir: resolve(ROOT, 'dist', 'web') })]);
  await buildCloudAssembly({ configFile });
  await buildCloudAssembly({ configFile, overrides: SHARED_OVERRIDES, capacityMbps: CAPACITY_MBPS });
}

buildFirst().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
