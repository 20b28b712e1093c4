// Step: the mediasoup worker. In this order: MEDIASOUP_WORKER_BIN; the cache; mediasoup's own binary; a build.
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildWorker, missingForBuild } from '../build-worker.mjs';
import { withLock } from '../lock.mjs';
import parts from '../parts.cjs';
import { downloadPrebuilt, prebuiltUrl } from '../prebuilt-worker.mjs';
import { SetupError } from '../setup-error.mjs';
import { aptInstall, canInstall, installCommand, runQuietly } from '../system.mjs';
import { DEBIAN_PACKAGES, FEDORA_PACKAGES } from '../worker-build/recipe.mjs';

const VERIFY_SCRIPT = fileURLToPath(new URL('../verify-worker.cjs', import.meta.url));
const PACKAGES = { apt: DEBIAN_PACKAGES, dnf: FEDORA_PACKAGES };

/**
 * @param {{ system: import('../system.mjs').System, node: string, report: (progress: string) => void }} options `node`
 *   is the Node that the fleet runs on
 */
export async function ensureWorker({ system, node, report }) {
  if (process.env.MEDIASOUP_WORKER_BIN) {
    try {
      return { result: `${parts.findWorkerBin()}, from MEDIASOUP_WORKER_BIN` };
    } catch (error) {
      throw new SetupError({
        title: error.message,
        remedies: ['unset MEDIASOUP_WORKER_BIN, or set it to a worker'],
      });
    }
  }
  const cached = fromCache();
  if (cached) return cached;

  const file = path.join(parts.cacheFolder(), 'locks', `worker-${parts.workerCache().version}`);
  return withLock(
    { file, onWait: (holder) => report(`waiting for the set-up of process ${holder}`) },
    async () => {
      const meanwhile = fromCache();
      if (meanwhile) return meanwhile;
      const download = await fromDownload({ node, report });
      if (download.result) return { result: download.result };
      return fromSource({ system, node, report, reason: download.reason });
    },
  );
}

function fromCache() {
  const { version, builtBin, prebuiltBin } = parts.workerCache();
  const file = [builtBin, prebuiltBin].find(parts.isExecutable);
  return file && { result: `${version}, cached in ${path.dirname(file)}` };
}

/** @param {{ node: string, report: (progress: string) => void }} options */
async function fromDownload({ node, report }) {
  if (process.env.MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD) {
    return { reason: 'MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD is set' };
  }
  const { version, prebuiltBin } = parts.workerCache();
  const url = prebuiltUrl({
    version,
    platform: process.platform,
    arch: process.arch,
    osRelease: os.release(),
    baseUrl: process.env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL,
  });
  const { binary, reason } = await downloadPrebuilt({ url, report });
  if (!binary) return { reason };
  return inWorkFolder(prebuiltBin, async (folder) => {
    const candidate = path.join(folder, 'mediasoup-worker');
    await fsp.writeFile(candidate, binary, { mode: 0o755 });
    const problem = await verify({ node, candidate, report });
    if (problem) return { reason: `mediasoup's own binary does not run here (${problem})` };
    await publish(candidate, prebuiltBin);
    return { result: `${version}, mediasoup's own binary` };
  });
}

/**
 * @param {{ system: import('../system.mjs').System, node: string, report: (progress: string) => void, reason: string | undefined }} options
 */
async function fromSource({ system, node, report, reason }) {
  const lookFor = { findOnPath: parts.findOnPath, env: process.env };
  if (missingForBuild(lookFor).length > 0 && canInstall(system)) {
    report(`building from source, because ${reason}`);
    await aptInstall({ packages: DEBIAN_PACKAGES, report });
  }
  const missing = missingForBuild(lookFor);
  if (missing.length > 0) {
    throw new SetupError({
      title: `no mediasoup worker: ${reason}, and a build from source lacks ${missing.join(', ')}`,
      remedies: [workerRemedy(system)],
    });
  }

  // Asked anew: the packages just installed are part of the key.
  const { version, mediasoupFolder, builtBin } = parts.workerCache();
  return inWorkFolder(builtBin, async (folder) => {
    const candidate = await buildWorker({
      workerFolder: path.join(mediasoupFolder, 'worker'),
      buildFolder: folder,
      onProgress: (done, total) => report(`compiled ${done}/${total} files`),
    });
    const problem = await verify({ node, candidate, report });
    if (problem) {
      throw new SetupError({
        title: `the mediasoup worker was built, but does not work: ${problem}`,
        remedies: ['give a worker of your own by MEDIASOUP_WORKER_BIN=<path>'],
      });
    }
    await publish(candidate, builtBin);
    return { result: `${version}, built from source because ${reason}` };
  });
}

/** @param {import('../system.mjs').System} system */
export function workerRemedy(system) {
  // Homebrew has no worker to link against: mediasoup itself offers binaries for macOS.
  return (
    installCommand(system.packageManager, PACKAGES) ??
    'make https://github.com reachable for mediasoup’s own binary, or set MEDIASOUP_WORKER_BIN=<path>'
  );
}

/** @param {{ node: string, candidate: string, report: (progress: string) => void }} options */
async function verify({ node, candidate, report }) {
  report('sending a packet through it');
  const { code, output } = await runQuietly(node, [VERIFY_SCRIPT, candidate]);
  return code === 0 ? undefined : output.split('\n').at(-1) || `exit status ${code}`;
}

/**
 * Work happens beside the final place, so that the last step is a rename within one file system.
 * @template T
 * @param {string} finalBin
 * @param {(folder: string) => Promise<T>} action
 */
async function inWorkFolder(finalBin, action) {
  const root = path.dirname(path.dirname(finalBin));
  await fsp.mkdir(root, { recursive: true });
  const folder = await fsp.mkdtemp(path.join(root, '.work-'));
  const removeNow = () => fs.rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeNow);
  try {
    return await action(folder);
  } finally {
    process.off('exit', removeNow);
    await fsp.rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} candidate @param {string} finalBin */
async function publish(candidate, finalBin) {
  await fsp.mkdir(path.dirname(finalBin), { recursive: true });
  await fsp.rename(candidate, finalBin);
}
