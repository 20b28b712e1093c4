// Step: a Node of at least 22, which mediasoup and mediasoup-client need.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import parts from '../parts.cjs';
import { SetupError } from '../setup-error.mjs';

export const MIN_NODE_VERSION = '22.0.0';

/** @param {string} file */
function nodeVersion(file) {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return /^v(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
}

/**
 * The Node that npm scripts use: the pinned one of the optional packages, which npm puts first on the PATH, else the
 * machine's.
 * @param {{ root: string }} options
 */
export async function ensureNodeRuntime({ root }) {
  const pinned = path.join(root, 'node_modules', '.bin', 'node');
  const pinnedVersion = parts.isExecutable(pinned) ? nodeVersion(pinned) : undefined;
  if (pinnedVersion && parts.compareVersions(pinnedVersion, MIN_NODE_VERSION) >= 0) {
    return { result: `v${pinnedVersion}, pinned in node_modules`, node: pinned };
  }
  if (parts.compareVersions(process.versions.node, MIN_NODE_VERSION) >= 0) {
    return { result: `v${process.versions.node}, this machine's`, node: process.execPath };
  }
  throw new SetupError({
    title: `Node ${MIN_NODE_VERSION} or newer is needed, this is ${process.versions.node}, and no pinned one came with the packages`,
    remedies: [
      `on Linux (x64, arm64) and macOS (arm64): rm -r node_modules && npm ci --ignore-scripts`,
      'elsewhere install Node 24: https://nodejs.org/en/download',
    ],
  });
}
