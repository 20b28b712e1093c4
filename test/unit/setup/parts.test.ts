import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  cacheFolder,
  compareVersions,
  findChromiumBin,
  findRedisServerBin,
  findWorkerBin,
  linkedLibraries,
  MissingPartError,
  recipeHash,
  workerCache,
  workerCacheKeys,
  type WorkerFacts,
} from '../../../scripts/setup/parts.cjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fleet-parts-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeExecutable(name: string, script = 'exit 0'): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('the cache of workers', () => {
  const facts: WorkerFacts = {
    version: '3.27.1',
    platform: 'linux',
    arch: 'x64',
    osRelease: '6.1.0-13-amd64',
    libraries: { ssl: '3', srtp2: '1', uv: '1', absl: '20220623.0.0' },
    recipe: 'abc',
  };

  const changes: [string, Partial<WorkerFacts>][] = [
    ['mediasoup version', { version: '3.27.2' }],
    ['platform', { platform: 'darwin' }],
    ['architecture', { arch: 'arm64' }],
    ['OpenSSL', { libraries: { ...facts.libraries, ssl: '1.1' } }],
    ['libsrtp', { libraries: { ...facts.libraries, srtp2: '2' } }],
    ['libuv', { libraries: { ...facts.libraries, uv: '2' } }],
    ['abseil', { libraries: { ...facts.libraries, absl: '20240722.0.0' } }],
    ['recipe', { recipe: 'abd' }],
  ];

  test.each(changes)('a built worker is not used with another %s', (_name, change) => {
    expect(workerCacheKeys({ ...facts, ...change }).built).not.toBe(workerCacheKeys(facts).built);
  });

  test('a missing library is a key of its own, not a malformed one', () => {
    const { built } = workerCacheKeys({ ...facts, libraries: { ssl: '3' } });

    expect(built).toBe('3.27.1-linux-x64-ssl3-srtp2-none-uv-none-absl-none-recipeabc');
  });

  test("mediasoup's own binary carries its libraries, so only platform and kernel count", () => {
    const other = workerCacheKeys({ ...facts, libraries: {}, recipe: 'abd', osRelease: '6.9.1' });

    expect(other.prebuilt).toBe(workerCacheKeys(facts).prebuilt);
    expect(workerCacheKeys({ ...facts, osRelease: '5.15.0' }).prebuilt).not.toBe(other.prebuilt);
  });

  test('the libraries are told by the versions in their file names', () => {
    for (const name of ['libssl.so', 'libssl.so.1.1', 'libssl.so.3', 'libuv.so.1.0.0', 'libuv.so.1']) {
      writeFileSync(path.join(folder, name), '');
    }
    writeFileSync(path.join(folder, 'libabsl_strings.so.20220623.0.0'), '');

    expect(linkedLibraries([path.join(folder, 'absent'), folder])).toEqual({
      ssl: '3',
      uv: '1',
      absl: '20220623.0.0',
    });
  });

  test('the recipe hash follows every file, by name and content', () => {
    const recipe = path.join(folder, 'recipe');
    mkdirSync(path.join(recipe, 'include'), { recursive: true });
    writeFileSync(path.join(recipe, 'include', 'a.h'), 'one');
    const first = recipeHash(recipe);

    expect(recipeHash(recipe)).toBe(first);
    writeFileSync(path.join(recipe, 'include', 'a.h'), 'two');
    const second = recipeHash(recipe);
    expect(second).not.toBe(first);
    writeFileSync(path.join(recipe, 'include', 'b.h'), '');
    expect(recipeHash(recipe)).not.toBe(second);
  });

  test('it lies where the platform keeps caches, or where XDG_CACHE_HOME says', () => {
    const home = '/home/someone';

    expect(cacheFolder({ env: {}, platform: 'linux', home })).toBe('/home/someone/.cache/mediasoup-fleet');
    expect(cacheFolder({ env: {}, platform: 'darwin', home })).toBe(
      '/home/someone/Library/Caches/mediasoup-fleet',
    );
    expect(cacheFolder({ env: { XDG_CACHE_HOME: '/cache' }, platform: 'darwin', home })).toBe(
      '/cache/mediasoup-fleet',
    );
    expect(cacheFolder({ env: { XDG_CACHE_HOME: 'relative' }, platform: 'linux', home })).toBe(
      '/home/someone/.cache/mediasoup-fleet',
    );
  });
});

describe('finding the worker', () => {
  test('MEDIASOUP_WORKER_BIN wins over the cache', () => {
    const given = writeExecutable('my-worker');

    expect(findWorkerBin({ env: { MEDIASOUP_WORKER_BIN: given, XDG_CACHE_HOME: folder } })).toBe(given);
  });

  test('a MEDIASOUP_WORKER_BIN that is no executable is an error, not a reason to look elsewhere', () => {
    const env = { MEDIASOUP_WORKER_BIN: path.join(folder, 'absent'), XDG_CACHE_HOME: folder };
    writeExecutable(path.relative(folder, workerCache({ env }).builtBin));

    expect(() => findWorkerBin({ env })).toThrow(/MEDIASOUP_WORKER_BIN is set to .*absent/);
  });

  test('a worker in the cache is found, a built one before a downloaded one', () => {
    const env = { XDG_CACHE_HOME: folder };
    const { builtBin, prebuiltBin } = workerCache({ env });

    writeExecutable(path.relative(folder, prebuiltBin));
    expect(findWorkerBin({ env })).toBe(prebuiltBin);
    writeExecutable(path.relative(folder, builtBin));
    expect(findWorkerBin({ env })).toBe(builtBin);
  });

  test('without one, the error is one line and names the command that remedies it', () => {
    const error = thrownBy(() => findWorkerBin({ env: { XDG_CACHE_HOME: folder } }));

    expect(error).toBeInstanceOf(MissingPartError);
    expect(error).toMatchObject({ code: 'FLEET_SETUP_MISSING_PART', part: 'worker' });
    expect(error.message).toMatch(
      /^no mediasoup worker [\d.]+ for \w+-\w+.*: run node scripts\/setup\/setup.mjs --for start$/,
    );
  });
});

describe('finding redis-server', () => {
  test('it is found on the PATH', () => {
    const file = writeExecutable('redis-server', 'echo Redis server v=7.0.15 sha=00000000:0');

    expect(findRedisServerBin({ env: { PATH: `relative:${folder}` } })).toBe(file);
  });

  test('one older than 6.2 is refused with its version', () => {
    writeExecutable('redis-server', 'echo Redis server v=6.0.16 sha=00000000:0');

    expect(() => findRedisServerBin({ env: { PATH: folder } })).toThrow(
      /is Redis 6\.0\.16, at least 6\.2\.0/,
    );
  });

  test('a program that is no Redis is refused', () => {
    const file = writeExecutable('something', 'echo hello');

    expect(() => findRedisServerBin({ env: { REDIS_SERVER_BIN: file } })).toThrow(/names no Redis version/);
  });

  test('an empty PATH leads to the set-up command', () => {
    expect(() => findRedisServerBin({ env: {} })).toThrow(/run node scripts\/setup\/setup.mjs --for start$/);
  });
});

describe('finding Chromium', () => {
  test('FLEET_CHROMIUM_BIN wins over the PATH', () => {
    writeExecutable('chromium');
    const given = writeExecutable('my-chromium');

    expect(findChromiumBin({ env: { PATH: folder, FLEET_CHROMIUM_BIN: given } })).toBe(given);
  });

  test('Chrome serves where there is no Chromium', () => {
    const chrome = writeExecutable('google-chrome');

    expect(findChromiumBin({ env: { PATH: folder }, platform: 'linux' })).toBe(chrome);
  });

  test('without one, the set-up for tests is the remedy', () => {
    expect(() => findChromiumBin({ env: { PATH: folder }, platform: 'linux' })).toThrow(/--for test$/);
  });
});

test('versions compare by number, not by text', () => {
  expect(['6.10.0', '6.2.0', '7.0', '6.2'].sort(compareVersions)).toEqual(['6.2.0', '6.2', '6.10.0', '7.0']);
});

function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
