// Step: a Node of at least 22, which mediasoup and mediasoup-client need.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import parts from '../parts.cjs';
import { SetupError } from '../setup-error.mjs';

export const MIN_NODE_VERSION = '22.0.0';
/**
 * A Node that was written a moment ago may not run yet (ETXTBSY while any process still holds it open for writing, a
 * starved machine), and an npm of somebody else's may be replacing it.
 */
const PATIENCE_MS = 5_000;
const POLL_MS = 250;

/**
 * @param {string} file
 * @returns {{ version?: string, problem?: string }}
 */
function nodeVersion(file) {
  if (!parts.isExecutable(file)) return { problem: 'no pinned one came with the packages' };
  const { stdout, stderr, error, signal } = spawnSync(file, ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  const version = /^v(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
  if (version) return { version };
  const why = error?.message ?? (stderr?.trim().split('\n')[0] || `ended with ${signal ?? 'no version'}`);
  return { problem: `the pinned one does not run (${why})` };
}

/**
 * The Node that npm scripts use: the pinned one of the optional packages, which npm puts first on the PATH, else the
 * machine's.
 * @param {{ root: string, patienceMs?: number, machine?: { version: string, path: string } }} options
 */
export async function ensureNodeRuntime({
  root,
  patienceMs = PATIENCE_MS,
  machine = { version: process.versions.node, path: process.execPath },
}) {
  const pinned = path.join(root, 'node_modules', '.bin', 'node');
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { version, problem = `the pinned one is ${version}` } = nodeVersion(pinned);
    if (version && parts.compareVersions(version, MIN_NODE_VERSION) >= 0) {
      return { result: `v${version}, pinned in node_modules`, node: pinned };
    }
    if (parts.compareVersions(machine.version, MIN_NODE_VERSION) >= 0) {
      return { result: `v${machine.version}, this machine's`, node: machine.path };
    }
    if (Date.now() >= deadline) throw noNode(machine.version, problem);
    await delay(POLL_MS);
  }
}

/** @param {string} version @param {string} problem */
function noNode(version, problem) {
  return new SetupError({
    title: `Node ${MIN_NODE_VERSION} or newer is needed, this is ${version}, and ${problem}`,
    remedies: [
      `on Linux (x64, arm64) and macOS (arm64): rm -r node_modules && npm ci --ignore-scripts`,
      'elsewhere install Node 24: https://nodejs.org/en/download',
    ],
  });
}
