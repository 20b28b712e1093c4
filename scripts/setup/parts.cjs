// Where the real parts are that the fleet runs on: the mediasoup worker, redis-server, Chromium.
//
// The set-up puts them there, everything else asks here. Plain CommonJS without dependencies, because the set-up itself
// uses it before any package is installed. Types: parts.d.cts.
'use strict';

const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const SETUP_FOLDER = __dirname;
const RECIPE_FOLDER = path.join(SETUP_FOLDER, 'worker-build');
const MIN_REDIS_VERSION = '6.2.0';

/** The worker's libraries, and the file whose name carries each one's ABI version. */
const WORKER_LIBRARIES = {
  ssl: /^libssl\.so\.(\d[\w.]*)$/,
  srtp2: /^libsrtp2\.so\.(\d+)$/,
  uv: /^libuv\.so\.(\d+)$/,
  absl: /^libabsl_strings\.so\.(\d[\w.]*)$/,
};

class MissingPartError extends Error {
  /** @param {string} part @param {string} message */
  constructor(part, message) {
    super(message);
    this.name = 'MissingPartError';
    this.code = 'FLEET_SETUP_MISSING_PART';
    this.part = part;
  }
}

/** @param {'start' | 'test'} purpose */
function setupCommand(purpose) {
  return `node scripts/setup/setup.mjs --for ${purpose}`;
}

/** @param {string} file */
function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** @param {readonly string[]} names @param {NodeJS.ProcessEnv} env */
function findOnPath(names, env) {
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  for (const name of names) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (isExecutable(file)) return file;
    }
  }
  return undefined;
}

/**
 * A path that a person gave by an environment variable is the answer or an error, never a reason to look elsewhere.
 * @param {string} part @param {string} name @param {NodeJS.ProcessEnv} env
 */
function fromVariable(part, name, env) {
  const file = env[name];
  if (!file) return undefined;
  if (isExecutable(file)) return path.resolve(file);
  throw new MissingPartError(
    part,
    `${name} is set to ${file}, which is not an executable file: correct or unset it`,
  );
}

/** @param {{ env?: NodeJS.ProcessEnv, platform?: NodeJS.Platform, home?: string }} [options] */
function cacheFolder({
  env = process.env,
  platform = process.platform,
  home = env.HOME || os.homedir(),
} = {}) {
  // The XDG specification says to ignore relative paths.
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME))
    return path.join(env.XDG_CACHE_HOME, 'mediasoup-fleet');
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'mediasoup-fleet');
  return path.join(home, '.cache', 'mediasoup-fleet');
}

/** The mediasoup package that a `require('mediasoup')` of this checkout gets, or undefined before npm ci. */
function mediasoupFolder() {
  // Not require.resolve: it remembers a failure, and the set-up asks again after it installed the packages.
  for (let folder = SETUP_FOLDER; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', 'mediasoup');
    if (fs.existsSync(path.join(candidate, 'package.json'))) return candidate;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** @param {string} folder */
function packageVersion(folder) {
  return String(JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version);
}

/** @param {readonly string[]} [folders] */
function linkedLibraries(folders) {
  const multiarch = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];
  const libraryFolders = folders ?? [
    ...(multiarch ? [`/usr/lib/${multiarch}`, `/lib/${multiarch}`] : []),
    '/usr/lib64',
    '/usr/lib',
    '/usr/local/lib',
  ];
  /** @type {Record<string, string>} */
  const found = {};
  for (const folder of libraryFolders) {
    /** @type {string[]} */
    let files;
    try {
      files = fs.readdirSync(folder).sort();
    } catch {
      continue;
    }
    for (const [library, pattern] of Object.entries(WORKER_LIBRARIES)) {
      if (found[library]) continue;
      for (const file of files) {
        const match = pattern.exec(file);
        // The last in order: with libssl.so.1.1 and libssl.so.3 side by side the linker takes the newer.
        if (match?.[1]) found[library] = match[1];
      }
    }
  }
  return found;
}

/** @param {string} [folder] */
function recipeHash(folder = RECIPE_FOLDER) {
  const hash = crypto.createHash('sha256');
  /** @param {string} relative */
  const add = (relative) => {
    for (const entry of fs.readdirSync(path.join(folder, relative), { withFileTypes: true }).sort(byName)) {
      const name = path.posix.join(relative, entry.name);
      if (entry.isDirectory()) add(name);
      else
        hash
          .update(`${name}\0`)
          .update(fs.readFileSync(path.join(folder, name)))
          .update('\0');
    }
  };
  add('.');
  return hash.digest('hex').slice(0, 12);
}

/** @param {{ name: string }} a @param {{ name: string }} b */
function byName(a, b) {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/**
 * Two keys: a prebuilt worker carries its libraries inside, a built one needs those it was linked against.
 * @param {{ version: string, platform: string, arch: string, osRelease: string, libraries: Record<string, string>, recipe: string }} facts
 */
function workerCacheKeys({ version, platform, arch, osRelease, libraries, recipe }) {
  const kernel = platform === 'linux' ? `-kernel${osRelease.split('.')[0]}` : '';
  const names = Object.keys(WORKER_LIBRARIES).map((name) => `${name}${libraries[name] ?? '-none'}`);
  return {
    prebuilt: `${version}-${platform}-${arch}${kernel}-prebuilt`,
    built: `${version}-${platform}-${arch}-${names.join('-')}-recipe${recipe}`,
  };
}

/**
 * Where a worker of this version, platform and set of libraries belongs.
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
function workerCache({ env = process.env } = {}) {
  const mediasoup = mediasoupFolder();
  if (!mediasoup) {
    throw new MissingPartError(
      'worker',
      `the mediasoup package is not installed: run ${setupCommand('start')}`,
    );
  }
  const version = packageVersion(mediasoup);
  const keys = workerCacheKeys({
    version,
    platform: process.platform,
    arch: process.arch,
    osRelease: os.release(),
    libraries: linkedLibraries(),
    recipe: recipeHash(),
  });
  const root = path.join(cacheFolder({ env }), 'worker');
  return {
    version,
    mediasoupFolder: mediasoup,
    prebuiltBin: path.join(root, keys.prebuilt, 'mediasoup-worker'),
    builtBin: path.join(root, keys.built, 'mediasoup-worker'),
  };
}

/** @param {{ env?: NodeJS.ProcessEnv }} [options] */
function findWorkerBin({ env = process.env } = {}) {
  const given = fromVariable('worker', 'MEDIASOUP_WORKER_BIN', env);
  if (given) return given;
  const { version, prebuiltBin, builtBin } = workerCache({ env });
  const cached = [builtBin, prebuiltBin].find(isExecutable);
  if (cached) return cached;
  throw new MissingPartError(
    'worker',
    `no mediasoup worker ${version} for ${process.platform}-${process.arch} in the cache: run ${setupCommand('start')}`,
  );
}

/** @param {string} left @param {string} right */
function compareVersions(left, right) {
  const [a, b] = [left, right].map((version) =>
    version.split('.').map((part) => Number.parseInt(part, 10) || 0),
  );
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** @param {string} file */
function redisVersion(file) {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return /v=(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
}

/** @param {{ env?: NodeJS.ProcessEnv }} [options] */
function findRedisServerBin({ env = process.env } = {}) {
  const file = fromVariable('redis', 'REDIS_SERVER_BIN', env) ?? findOnPath(['redis-server'], env);
  if (!file) throw new MissingPartError('redis', `no redis-server on the PATH: run ${setupCommand('start')}`);
  const version = redisVersion(file);
  if (!version)
    throw new MissingPartError('redis', `${file} --version names no Redis version: set REDIS_SERVER_BIN`);
  if (compareVersions(version, MIN_REDIS_VERSION) < 0) {
    throw new MissingPartError(
      'redis',
      `${file} is Redis ${version}, at least ${MIN_REDIS_VERSION} is needed: set REDIS_SERVER_BIN to a newer one`,
    );
  }
  return file;
}

/** @param {{ env?: NodeJS.ProcessEnv, platform?: NodeJS.Platform }} [options] */
function findChromiumBin({ env = process.env, platform = process.platform } = {}) {
  const given = fromVariable('chromium', 'FLEET_CHROMIUM_BIN', env);
  if (given) return given;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const applications =
    platform === 'darwin'
      ? ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`)
      : [];
  const file = findOnPath(names, env) ?? applications.find(isExecutable);
  if (file) return file;
  throw new MissingPartError('chromium', `no Chromium or Chrome on the PATH: run ${setupCommand('test')}`);
}

module.exports = {
  MissingPartError,
  cacheFolder,
  compareVersions,
  findChromiumBin,
  findOnPath,
  findRedisServerBin,
  findWorkerBin,
  isExecutable,
  linkedLibraries,
  mediasoupFolder,
  packageVersion,
  recipeHash,
  redisVersion,
  setupCommand,
  workerCache,
  workerCacheKeys,
};
