import { App } from 'aws-cdk-lib';
import { FleetError } from '../core/errors';
import { buildFleetApp } from '../lib/fleet-app';
import { loadConfig } from '../lib/load-config';
import { overrideConfig } from '../lib/override-config';
import { buildImageBundle } from '../scripts/build-image-bundle';

/**
 * The CDK app: `npx cdk deploy 'eu-central-1/*'`. `-c config=other.config.ts` reads another config, `-c overrides=JSON`
 * and `-c capacityMbps=20` change values of it for a trial.
 */
async function main(): Promise<void> {
  const app = new App({ autoSynth: false });
  const file: unknown = app.node.tryGetContext('config');
  const config = overrideConfig(loadConfig(typeof file === 'string' ? file : 'fleet.config.ts'), {
    overrides: app.node.tryGetContext('overrides'),
    capacityMbps: app.node.tryGetContext('capacityMbps'),
  });
  const { dir } = await buildImageBundle();
  buildFleetApp({ scope: app, config, imageBundle: dir, deploymentId: new Date().toISOString() });
  app.synth();
}

main().catch((error: unknown) => {
  // A mistake in the config is one line for each, without a stack.
  process.stderr.write(
    error instanceof FleetError && error.code === 'FLEET_ERR_CONFIG'
      ? `${error.message}\n`
      : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
