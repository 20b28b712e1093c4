import { join, resolve } from 'node:path';
import { buildNodeApp } from '../../scripts/build-node-app';
import { buildWeb } from '../../scripts/build-web';
import { RunnerError } from '../runner-error';
import type { RunnerOutput } from './runner-events';

export interface BuiltFleet {
  /** The bundled node application. */
  nodeEntry: string;
  /** Folder of the web pages. */
  webRoot: string;
}

/**
 * Builds what is not current.
 * @param ownWebRoot a page that needs no building
 * @throws RunnerError
 */
export async function buildFleet(output: RunnerOutput, ownWebRoot?: string): Promise<BuiltFleet> {
  const webRoot = resolve(ownWebRoot ?? join(__dirname, '..', '..', 'dist', 'web'));
  let told = false;
  const onBuild = (): void => {
    if (!told) output.emit({ event: 'building' });
    told = true;
  };
  const [nodeApp] = await Promise.all([
    buildNodeApp({ onBuild }).catch((error: unknown) => fail('node application', error)),
    ownWebRoot === undefined &&
      buildWeb({ outDir: webRoot, onBuild }).catch((error: unknown) => fail('web pages', error)),
  ]);
  return { nodeEntry: nodeApp.entry, webRoot };
}

function fail(what: string, cause: unknown): never {
  const message = cause instanceof Error ? cause.message : String(cause);
  // esbuild's first line counts the errors, the second names the first one.
  const lines = message.split('\n');
  const reason = /^Build failed/.test(message) ? lines[1] : lines[0];
  throw new RunnerError(`the ${what} can not be built: ${reason ?? message}`, { cause });
}
