import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SETUP_FOLDER = path.join(__dirname, '../../../scripts/setup');

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * A checkout of its own with a copy of the set-up: whatever it finds amiss, it is never this checkout's packages that
 * it replaces.
 */
let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'fleet-checkout-'));
  cpSync(SETUP_FOLDER, path.join(root, 'scripts/setup'), { recursive: true });
  writePackages('1.0.0');
  mkdirSync(path.join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(process.execPath, path.join(root, 'node_modules/.bin/node'));
  mkdirSync(path.join(root, 'node_modules/one'));
  writeFileSync(path.join(root, 'node_modules/one/package.json'), '{}');
  writeFileSync(path.join(root, 'node_modules/.package-lock.json'), lockOf('1.0.0'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const lockOf = (version: string) =>
  JSON.stringify({ packages: { '': {}, 'node_modules/one': { version, integrity: `sha512-${version}` } } });

function writePackages(version: string): void {
  writeFileSync(path.join(root, 'package.json'), '{}');
  writeFileSync(path.join(root, 'package-lock.json'), lockOf(version));
}

/** Runs the set-up as a person does. `env` is the whole environment, so that nothing of this machine leaks in. */
function runSetup(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const setup = path.join(root, 'scripts/setup/setup.mjs');
  return new Promise((resolve) => {
    execFile(process.execPath, [setup, ...args], { env, cwd: root }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

describe('arguments', () => {
  test.each([
    [[], '--for is missing'],
    [['--for'], '--for takes commands, start, test, not nothing'],
    [['--for', 'deploy'], '--for takes commands, start, test, not deploy'],
    [['--fast'], 'unknown argument --fast'],
    [['--for', 'start', '--fast'], 'unknown argument --fast'],
  ])('%j ends with status 2, the problem and the usage', async (args, problem) => {
    const { code, stdout, stderr } = await runSetup(args);

    expect(code).toBe(2);
    expect(stderr.split('\n')[0]).toBe(problem);
    expect(stderr).toContain('Usage: node scripts/setup/setup.mjs --for <commands|start|test>');
    expect(stdout).toBe('');
  });

  test('--help shows the usage and succeeds', async () => {
    const { code, stdout } = await runSetup(['--help']);

    expect(code).toBe(0);
    expect(stdout).toContain('Usage: node scripts/setup/setup.mjs --for <commands|start|test>');
  });
});

describe('a machine that has everything', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'fleet-setup-'));
  });

  afterEach(() => {
    rmSync(home, { recursive: true, force: true });
  });

  function program(name: string, script = 'exit 0'): string {
    const file = path.join(home, 'bin', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  /** A machine with all parts, none of which is this machine's. */
  function completeEnvironment(): NodeJS.ProcessEnv {
    return {
      HOME: home,
      PATH: path.join(home, 'bin'),
      REDIS_SERVER_BIN: program('my-redis', 'echo Redis server v=7.2.4 sha=00000000:0'),
      MEDIASOUP_WORKER_BIN: program('my-worker'),
      FLEET_CHROMIUM_BIN: program('my-chromium'),
    };
  }

  test('every step is shown with its number, name, result and time, and nothing is installed', async () => {
    const { code, stdout, stderr } = await runSetup(['--for', 'test'], completeEnvironment());

    // That belongs to the command that follows.
    expect(stdout).toBe('');
    expect(code).toBe(0);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^\[1\/5\] Node packages: up to date with package-lock\.json \(\d+\.\d s\)$/),
      expect.stringMatching(/^\[2\/5\] Node runtime: v\d+\.\d+\.\d+, .* \(\d+\.\d s\)$/),
      expect.stringMatching(/^\[3\/5\] Redis: 7\.2\.4, .*my-redis \(\d+\.\d s\)$/),
      expect.stringMatching(
        /^\[4\/5\] mediasoup worker: .*my-worker, from MEDIASOUP_WORKER_BIN \(\d+\.\d s\)$/,
      ),
      expect.stringMatching(/^\[5\/5\] Chromium: .*my-chromium \(\d+\.\d s\)$/),
      expect.stringMatching(/^Set up for test in \d+\.\d s$/),
    ]);
  });

  test('packages that differ from the lock file are installed by npm ci, without their scripts', async () => {
    writePackages('2.0.0');
    const called = path.join(home, 'npm-called');
    program(
      'npm',
      `echo "$PWD $*" > ${called}\n/bin/cp ${root}/package-lock.json ${root}/node_modules/.package-lock.json`,
    );

    const { code, stderr } = await runSetup(['--for', 'start'], completeEnvironment());

    expect(code).toBe(0);
    expect(stderr).toContain('Node packages: installed');
    expect(readFileSync(called, 'utf8')).toBe(
      `${realpathSync(root)} ci --ignore-scripts --no-audit --no-fund --loglevel=error\n`,
    );
  });

  test('packages that fit the lock file are left alone', async () => {
    const called = path.join(home, 'npm-called');
    program('npm', `echo "$*" > ${called}`);

    expect((await runSetup(['--for', 'start'], completeEnvironment())).code).toBe(0);

    expect(existsSync(called)).toBe(false);
  });

  test('start does not ask for Chromium', async () => {
    const { FLEET_CHROMIUM_BIN: _absent, ...env } = completeEnvironment();

    const { code, stderr } = await runSetup(['--for', 'start'], env);

    expect(code).toBe(0);
    expect(stderr).toContain('[4/4] mediasoup worker');
    expect(stderr).not.toContain('Chromium');
  });

  test('commands ask for packages only, and are not delayed by a word when these are there', async () => {
    const { REDIS_SERVER_BIN: _redis, MEDIASOUP_WORKER_BIN: _worker, ...env } = completeEnvironment();

    expect(await runSetup(['--for', 'commands'], env)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('commands say what they wait for when packages are missing', async () => {
    writePackages('2.0.0');
    program('npm', `/bin/cp ${root}/package-lock.json ${root}/node_modules/.package-lock.json`);

    const { code, stderr } = await runSetup(['--for', 'commands'], completeEnvironment());

    expect(code).toBe(0);
    expect(stderr).toMatch(/^\[1\/2\] Node packages: npm ci.*\n\[1\/2\] Node packages: installed/);
  });

  test('a wrong path from a person stops it with one block: what, and what to do, without a stack trace', async () => {
    const env = { ...completeEnvironment(), MEDIASOUP_WORKER_BIN: path.join(home, 'absent') };

    const { code, stderr } = await runSetup(['--for', 'start'], env);

    expect(code).toBe(1);
    expect(stderr).toMatch(/\[4\/4\] mediasoup worker: failed/);
    expect(stderr.slice(stderr.indexOf('\n\n') + 1)).toBe(
      [
        '',
        `Set-up stopped: MEDIASOUP_WORKER_BIN is set to ${env.MEDIASOUP_WORKER_BIN}, which is not an executable file: correct or unset it`,
        '',
        'What to do:',
        '  unset MEDIASOUP_WORKER_BIN, or set it to a worker',
        '',
        '',
      ].join('\n'),
    );
  });

  test('everything that is missing is told in one run', async () => {
    const absent = path.join(home, 'absent');
    const env = { ...completeEnvironment(), REDIS_SERVER_BIN: absent, FLEET_CHROMIUM_BIN: absent };

    const { code, stderr } = await runSetup(['--for', 'test'], env);

    expect(code).toBe(1);
    expect(stderr).toMatch(/Redis: failed .*\n.*mediasoup worker: .*my-worker.*\n.*Chromium: failed/);
    expect(stderr.match(/^Set-up stopped: .*$/gm)).toEqual([
      expect.stringContaining('REDIS_SERVER_BIN'),
      expect.stringContaining('FLEET_CHROMIUM_BIN'),
    ]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('an old Redis is named with its version, and nothing is installed over it', async () => {
    const env = {
      ...completeEnvironment(),
      REDIS_SERVER_BIN: program('old', 'echo Redis server v=5.0.3 sha=0:0'),
    };

    const { code, stderr } = await runSetup(['--for', 'start'], env);

    expect(code).toBe(1);
    expect(stderr).toContain('is Redis 5.0.3, at least 6.2.0 is needed');
    expect(stderr).toContain('What to do:');
  });
});

describe('the proof of a worker', () => {
  test('a program that is no worker does not pass it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'fleet-verify-'));
    const fake = path.join(folder, 'mediasoup-worker');
    symlinkSync('/bin/false', fake);

    const outcome = await new Promise<number>((resolve) => {
      execFile(process.execPath, [path.join(SETUP_FOLDER, 'verify-worker.cjs'), fake], (error) => {
        resolve(error ? Number(error.code) : 0);
      });
    });
    rmSync(folder, { recursive: true });

    expect(outcome).toBe(1);
  });
});
