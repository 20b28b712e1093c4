// Carries out worker-build/recipe.mjs: patches, generates headers, compiles on all cores, links.
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { SetupError } from './setup-error.mjs';
import { applyPatch, parseUnifiedDiff } from './unified-diff.mjs';
import {
  COMPILE_FLAGS,
  FLATC_ARGUMENTS,
  LINK_FLAGS,
  PKG_CONFIG_MODULES,
  PRECOMPILED_HEADERS,
  PROGRAMS,
  workerSources,
} from './worker-build/recipe.mjs';

const run = promisify(execFile);
const RECIPE_FOLDER = fileURLToPath(new URL('worker-build', import.meta.url));
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
// The largest files take about 0.8 GB of memory to compile.
const COMPILER_BYTES = 1024 ** 3;

/**
 * What of the build's programs and libraries is not on this machine, by name.
 * @param {{ findOnPath: (names: string[], env: NodeJS.ProcessEnv) => string | undefined, env: NodeJS.ProcessEnv }} options
 * @returns {string[]}
 */
export function missingForBuild({ findOnPath, env }) {
  const programs = PROGRAMS.filter((program) => !findOnPath([program], env));
  if (programs.includes('pkg-config')) return programs;
  const modules = PKG_CONFIG_MODULES.filter(
    (module) => spawnSync('pkg-config', ['--exists', module]).status !== 0,
  );
  const flatbuffers = ['/usr/include', '/usr/local/include'].some((folder) =>
    fs.existsSync(path.join(folder, 'flatbuffers', 'flatbuffers.h')),
  );
  return [...programs, ...modules, ...(flatbuffers ? [] : ['flatbuffers/flatbuffers.h'])];
}

/**
 * @param {object} options
 * @param {string} options.workerFolder mediasoup's worker folder
 * @param {string} options.buildFolder an empty folder, which the caller removes afterwards
 * @param {(done: number, total: number) => void} options.onProgress
 * @returns {Promise<string>} the path of the binary inside buildFolder
 */
export async function buildWorker({ workerFolder, buildFolder, onProgress }) {
  const sources = workerSources({
    workerMeson: await fsp.readFile(path.join(workerFolder, 'meson.build'), 'utf8'),
    libwebrtcMeson: await fsp.readFile(path.join(workerFolder, 'deps/libwebrtc/meson.build'), 'utf8'),
  });
  const patched = await writePatchedSources({ workerFolder, buildFolder });
  const generated = await generateHeaders({ workerFolder, buildFolder });

  const cflags = await pkgConfig('--cflags');
  const includes = [
    path.join(RECIPE_FOLDER, 'include'),
    buildFolder,
    ...['include', 'deps/libwebrtc', 'deps/libwebrtc/libwebrtc'].map((folder) =>
      path.join(workerFolder, folder),
    ),
  ].map((folder) => `-I${folder}`);

  const flags = [...COMPILE_FLAGS, ...cflags, ...includes];
  const common = path.join(buildFolder, 'common-headers.h');
  const headers = [...PRECOMPILED_HEADERS, ...generated.map((name) => `FBS/${name}`)];
  await fsp.writeFile(common, headers.map((header) => `#include <${header}>\n`).join(''));

  const objects = sources.map((_, index) => path.join(buildFolder, `${index}.o`));
  let done = 0;
  onProgress(done, sources.length);
  await runCompiler('compile the common headers', [
    ...flags,
    '-x',
    'c++-header',
    common,
    '-o',
    `${common}.gch`,
  ]);
  await forEachParallel(sources.keys(), parallelCompilers(), async (index) => {
    const source = sources[index];
    const file = patched.get(source) ?? path.join(workerFolder, source);
    await runCompiler(`compile ${source}`, [...flags, '-include', common, '-c', file, '-o', objects[index]]);
    done += 1;
    onProgress(done, sources.length);
  });

  const binary = path.join(buildFolder, 'mediasoup-worker');
  await runCompiler('link mediasoup-worker', [
    ...LINK_FLAGS,
    ...objects,
    '-o',
    binary,
    ...(await pkgConfig('--libs')),
  ]);
  return binary;
}

/** @param {{ workerFolder: string, buildFolder: string }} folders */
async function writePatchedSources({ workerFolder, buildFolder }) {
  const patched = new Map();
  const patches = path.join(RECIPE_FOLDER, 'patches');
  for (const name of (await fsp.readdir(patches)).sort()) {
    for (const patch of parseUnifiedDiff(await fsp.readFile(path.join(patches, name), 'utf8'))) {
      const original = patched.get(patch.file) ?? path.join(workerFolder, patch.file);
      const target = path.join(buildFolder, 'patched', patch.file);
      await fsp.mkdir(path.dirname(target), { recursive: true });
      await fsp.writeFile(target, applyPatch(await fsp.readFile(original, 'utf8'), patch));
      patched.set(patch.file, target);
    }
  }
  return patched;
}

/**
 * @param {{ workerFolder: string, buildFolder: string }} folders
 * @returns {Promise<string[]>} the names of the headers
 */
async function generateHeaders({ workerFolder, buildFolder }) {
  const schemaFolder = path.join(workerFolder, 'fbs');
  const schemas = (await fsp.readdir(schemaFolder)).filter((name) => name.endsWith('.fbs')).sort();
  const out = path.join(buildFolder, 'FBS');
  await fsp.mkdir(out);
  await run('flatc', [
    ...FLATC_ARGUMENTS,
    '-o',
    out,
    ...schemas.map((name) => path.join(schemaFolder, name)),
  ]);
  return fsp.readdir(out);
}

/** @param {'--cflags' | '--libs'} what */
async function pkgConfig(what) {
  const { stdout } = await run('pkg-config', [what, ...PKG_CONFIG_MODULES]);
  return stdout.split(/\s+/).filter(Boolean);
}

function parallelCompilers() {
  const cores = os.availableParallelism?.() ?? os.cpus().length;
  return Math.max(1, Math.min(cores, Math.floor(os.totalmem() / COMPILER_BYTES)));
}

/** @param {string} what @param {string[]} args */
async function runCompiler(what, args) {
  try {
    await run('g++', args, { maxBuffer: MAX_OUTPUT_BYTES });
  } catch (error) {
    const output = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .slice(0, 20)
      .join('\n');
    throw new SetupError({
      title: `the mediasoup worker could not be built (${what} failed)`,
      remedies: [
        'give a worker of your own by MEDIASOUP_WORKER_BIN=<path>',
        'or make https://github.com reachable, so that mediasoup’s own binary can be downloaded',
      ],
      details: output,
    });
  }
}

/**
 * @template T
 * @param {Iterable<T>} items
 * @param {number} limit
 * @param {(item: T) => Promise<void>} action the first failure ends the loop
 */
async function forEachParallel(items, limit, action) {
  const queue = items[Symbol.iterator]();
  let failed = false;
  const lane = async () => {
    for (let next = queue.next(); !next.done && !failed; next = queue.next()) {
      try {
        await action(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
}
