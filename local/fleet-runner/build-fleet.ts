import { join } from 'node:path';
import { buildCloudAssembly } from '../../scripts/build-cloud-assembly';
import { buildWeb } from '../../scripts/build-web';
import { RunnerError } from '../runner-error';
import type { FleetOptions } from './fleet-options';
import type { RunnerOutput } from './runner-events';

export interface BuiltFleet {
  /** The synthesized deployment. */
  assemblyFolder: string;
  /** Folder of the console's page. */
  consoleRoot: string;
}

/**
 * Builds what is not current.
 * @throws RunnerError
 */
export async function buildFleet(
  output: RunnerOutput,
  options: Pick<FleetOptions, 'configFile' | 'overrides' | 'capacityMbps'>,
): Promise<BuiltFleet> {
  const webRoot = join(__dirname, '..', '..', 'dist', 'web');
  let told = false;
  const onBuild = (): void => {
    if (!told) output.emit({ event: 'building' });
    told = true;
  };
  const [assembly] = await Promise.all([
    buildCloudAssembly({ ...options, onBuild }).catch((error: unknown) => fail('deployment', error)),
    buildWeb({ outDir: webRoot, onBuild }).catch((error: unknown) => fail('web pages', error)),
  ]);
  return { assemblyFolder: assembly.folder, consoleRoot: join(webRoot, 'console') };
}

function fail(what: string, cause: unknown): never {
  const message = cause instanceof Error ? cause.message : String(cause);
  // esbuild's first line counts the errors, the second names the first one.
  const lines = message.split('\n');
  const reason = /^Build failed/.test(message) ? lines[1] : lines[0];
  throw new RunnerError(`the ${what} can not be built: ${reason ?? message}`, { cause });
}
