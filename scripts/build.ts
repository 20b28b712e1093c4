import { relative, resolve } from 'node:path';
import { buildNodeApp } from './build-node-app';
import { buildWeb } from './build-web';
import { findWorkerBin } from './setup/parts.cjs';

/** `npm run build`: what a node needs to run without the local runner, and where it is. */
async function main(): Promise<void> {
  const outDir = resolve(__dirname, '..', 'dist', 'web');
  const [{ entry }] = await Promise.all([buildNodeApp(), buildWeb({ outDir })]);
  const rows = [
    ['node', relative(process.cwd(), entry)],
    ['FLEET_WEB_ROOT', relative(process.cwd(), outDir)],
    ['FLEET_WORKER_BIN', findWorkerBin()],
  ];
  for (const [name = '', value = ''] of rows) console.log(`${name.padEnd(16)}  ${value}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
