import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { FleetConfigInput } from '../../core/deployment/fleet-config-schema';
import { buildFleetApp } from '../../lib/fleet-app';
import { makeImageBundle, ONE_REGION, testContext } from './synthesize-fleet';

export interface SynthesizedAssembly {
  /** As `cdk.out`. */
  folder: string;
  remove(): void;
}

export interface AssemblyOptions {
  config?: Partial<FleetConfigInput>;
  /** Content of the app in the image bundle: another one is another release. @default 'app' */
  app?: string;
  deploymentId?: string;
}

/** The default app's cloud assembly with everything in it, bundled Lambdas too, as `npm run synth` writes it. */
export function synthesizeAssembly(options: AssemblyOptions = {}): SynthesizedAssembly {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-assembly-'));
  const imageBundle = makeImageBundle(options.app);
  try {
    const context = { ...testContext(), 'aws:cdk:bundling-stacks': ['**'] };
    const app = new App({ context, outdir: folder });
    buildFleetApp({
      scope: app,
      config: { ...ONE_REGION, ...options.config },
      imageBundle,
      deploymentId: options.deploymentId ?? 'test',
    });
    app.synth();
    return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
  } finally {
    rmSync(imageBundle, { recursive: true, force: true });
  }
}
