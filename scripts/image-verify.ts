import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, createReadStream } from 'node:fs';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { buildImageBundle } from './build-image-bundle';
import { lockedPackage, readPackageLock } from './image/production-packages';
import { runCommand } from './image/run-command';
import { parseEnvironmentFile, parseServiceUnit } from './image/service-unit';
import { findRedisServerBin } from './setup/parts.cjs';

/**
 * `npm run image:verify`: the image's install steps, run for real in a fresh Debian root, and the service's command
 * started there. Everything happens in one temporary folder, in mount namespaces of its own, and is gone afterwards.
 *
 *   IMAGE_VERIFY_MIRROR   Debian mirror. Default: http://deb.debian.org/debian
 *   IMAGE_VERIFY_KEEP=1   keeps the folder, to look at after a failure
 *   IMAGE_VERIFY_REUSE    a folder that was kept: only what comes after install.sh runs, and the folder stays
 */
const ROOT = resolve(__dirname, '..');
const SUITE = 'bookworm';
const MIRROR = process.env.IMAGE_VERIFY_MIRROR ?? 'http://deb.debian.org/debian';
/** What Debian's cloud image has and a minimal root lacks, as far as the steps use it. */
const CLOUD_IMAGE_PACKAGES = ['systemd', 'ca-certificates'];
const MINUTE_MS = 60_000;

async function main(): Promise<void> {
  const problem = await prepareMachine();
  if (problem !== undefined) {
    console.error(`image:verify needs ${problem}`);
    process.exitCode = 1;
    return;
  }
  const reused = process.env.IMAGE_VERIFY_REUSE;
  const work = reused ?? (await mkdtemp(join(tmpdir(), 'image-verify-')));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const verification = new Verification(work, stop.signal);
  try {
    if (reused === undefined) await verification.install();
    await verification.check();
    console.log(`\nthe image's steps work (${verification.summary()})`);
  } catch (error) {
    console.error(`\nimage:verify failed in "${verification.current}": ${messageOf(error)}`);
    process.exitCode = 1;
  } finally {
    await verification.close();
    if (process.env.IMAGE_VERIFY_KEEP === '1' || reused !== undefined) console.log(`kept ${work}`);
    else await rm(work, { recursive: true, force: true });
  }
}

/** What is missing here, for a person; undefined when nothing is. */
async function prepareMachine(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'Linux with debootstrap (a virtual machine will do)';
  if (process.getuid?.() !== 0) return 'root, for debootstrap and chroot: sudo npm run image:verify';
  if (!onPath('debootstrap')) {
    if (!onPath('apt-get')) return 'debootstrap: install it with your package manager';
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await runCommand('apt-get', ['update', '-qq'], { env, timeoutMs: 5 * MINUTE_MS });
    await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'debootstrap'], {
      env,
      timeoutMs: 5 * MINUTE_MS,
    });
  }
  return ['unshare', 'chroot', 'npm'].filter((name) => !onPath(name)).join(', ') || undefined;
}

class Verification {
  /** The step that runs, for messages. */
  current = '';
  readonly #times: string[] = [];
  readonly #root: string;
  readonly #environmentFile: string;
  readonly #children: ChildProcess[] = [];
  #registry: Server | undefined;
  #redis: Redis | undefined;

  constructor(
    private readonly work: string,
    private readonly signal: AbortSignal,
  ) {
    this.#root = join(work, 'root');
    this.#environmentFile = join(this.#root, 'etc', 'mediasoup-fleet', 'fleet.env');
  }

  summary(): string {
    return this.#times.join(', ');
  }

  async install(): Promise<void> {
    await this.#step('bundle', () => this.#bundle());
    await this.#step('debootstrap', () => this.#debootstrap());
    await this.#step('install.sh', () => this.#inRoot(['bash', '/var/tmp/bundle/install.sh']));
  }

  async check(): Promise<void> {
    await this.#step('check-image.sh', () =>
      this.#inRoot(['bash', '/opt/mediasoup-fleet/app/setup/check-image.sh']),
    );
    await this.#step('size', () =>
      this.#inRoot(['du', '-sh', '--one-file-system', '/usr', '/opt/mediasoup-fleet']),
    );
    await this.#step('service', () => this.#service());
  }

  /** Ends what is left. */
  async close(): Promise<void> {
    this.#redis?.disconnect();
    await rm(this.#environmentFile, { force: true });
    for (const child of this.#children) {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
    }
    this.#registry?.closeAllConnections();
    this.#registry?.close();
  }

  async #step(name: string, action: () => Promise<unknown>): Promise<void> {
    this.signal.throwIfAborted();
    this.current = name;
    console.log(`\n==> ${name}`);
    const startedMs = Date.now();
    await action();
    this.#times.push(`${name} ${((Date.now() - startedMs) / 1_000).toFixed(0)} s`);
  }

  async #bundle(): Promise<void> {
    const { hash } = await buildImageBundle({ outDir: join(this.work, 'bundle') });
    console.log(`bundle ${hash.slice(0, 12)}`);
    // The package comes through npm, and install.sh fetches it as it does on the build instance.
    const name = `node-linux-${process.arch}`;
    const { version } = lockedPackage(await readPackageLock(join(ROOT, 'package-lock.json')), name);
    await runCommand('npm', ['pack', '--silent', '--pack-destination', this.work, `${name}@${version}`], {
      cwd: this.work,
      timeoutMs: 5 * MINUTE_MS,
      signal: this.signal,
    });
    const tarball = join(this.work, `${name}-${version}.tgz`);
    this.#registry = createServer((request, response) => {
      if (request.url === `/${name}/-/${basename(tarball)}`) createReadStream(tarball).pipe(response);
      else response.writeHead(404).end();
    });
    this.#registry.listen(0, '127.0.0.1');
    await once(this.#registry, 'listening');
  }

  async #debootstrap(): Promise<void> {
    await runCommand(
      'debootstrap',
      ['--variant=minbase', `--include=${CLOUD_IMAGE_PACKAGES.join(',')}`, SUITE, this.#root, MIRROR],
      { timeoutMs: 10 * MINUTE_MS, signal: this.signal },
    );
    await cp('/etc/resolv.conf', join(this.#root, 'etc', 'resolv.conf'), { dereference: true });
    // No service may start from in there: it would be this machine's.
    await writeFile(join(this.#root, 'usr', 'sbin', 'policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await cp(join(this.work, 'bundle'), join(this.#root, 'var', 'tmp', 'bundle'), { recursive: true });
  }

  async #service(): Promise<void> {
    const socket = await this.#startRedis();
    const prefix = 'image-verify';
    await writeFile(
      this.#environmentFile,
      [
        'FLEET_AUTH=open',
        'FLEET_NODE_ID=image-verify',
        `FLEET_REDIS_URL=unix://${socket}`,
        `FLEET_REDIS_PREFIX=${prefix}`,
        'FLEET_HTTP_PORT=0',
        'FLEET_LINK_PORT=0',
        'FLEET_MEDIA_PORT_BASE=0',
        'FLEET_WEB_ROOT=/opt/mediasoup-fleet/app/web',
        '',
      ].join('\n'),
    );
    const node = await this.#startService();
    const url = `http://127.0.0.1:${node.httpPort}`;
    for (const path of ['/healthz', '/readyz', '/']) {
      const response = await fetch(url + path, { signal: AbortSignal.timeout(5_000) });
      console.log(`${path}: ${response.status}`);
      if (response.status !== 200)
        throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    }
    const known = await this.#redis?.hexists(`{${prefix}}:nodes`, 'image-verify');
    if (known !== 1) throw new Error('placement does not know the node');
    node.child.kill('SIGTERM');
    const [code] = (await once(node.child, 'exit', { signal: AbortSignal.timeout(15_000) })) as [
      number | null,
    ];
    if (code !== 0) throw new Error(`the service ended with ${code} after SIGTERM`);
  }

  /** The unit's command as the unit's user, without privileges, with the unit's environment and nothing else. */
  async #startService(): Promise<{ child: ChildProcess; httpPort: number }> {
    const inRoot = (path: string) => join(this.#root, path);
    const unit = parseServiceUnit(
      await readFile(inRoot('/etc/systemd/system/mediasoup-fleet.service'), 'utf8'),
    );
    const files = await Promise.all(unit.environmentFiles.map((file) => readFile(inRoot(file), 'utf8')));
    const environment = [...unit.environment, ...files.flatMap(parseEnvironmentFile)];
    const enter = `mount -t proc proc "$1/proc" && root=$1 && shift && cd / && exec chroot "$root" "$@"`;
    const child = spawn(
      'unshare',
      [
        ...['--mount', '--', 'bash', '-c', enter, 'enter', this.#root],
        ...['setpriv', `--reuid=${unit.user}`, `--regid=${unit.user}`, '--init-groups'],
        ...['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--'],
        ...['env', '-i', `--chdir=${unit.workingDirectory}`, ...environment, ...unit.command],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#children.push(child);
    const lines = createInterface({ input: child.stdout });
    const ready = (async () => {
      for await (const line of lines) {
        console.log(line);
        const match = /"type":"ready".*"httpPort":(\d+)/.exec(line);
        if (match) return Number(match[1]);
      }
      throw new Error('the service ended before it was ready');
    })();
    const limit = AbortSignal.timeout(30_000);
    const httpPort = await Promise.race([
      ready,
      once(limit, 'abort').then(() => Promise.reject(new Error('the service was not ready in 30 s'))),
    ]);
    child.stdout.resume();
    return { child, httpPort };
  }

  /** Gives the path of the socket as seen from inside the root. */
  async #startRedis(): Promise<string> {
    const socket = '/run/redis.sock';
    const outside = join(this.#root, socket);
    const child = spawn(
      findRedisServerBin(),
      ['--port', '0', '--unixsocket', outside, '--unixsocketperm', '777', '--save', '', '--appendonly', 'no'],
      { stdio: 'ignore', cwd: this.work },
    );
    this.#children.push(child);
    const redis = new Redis({ path: outside, retryStrategy: (attempt) => (attempt > 100 ? null : 50) });
    // Until the server listens, each attempt is an error.
    redis.on('error', () => undefined);
    this.#redis = redis;
    await redis.ping();
    await chmod(outside, 0o777);
    return socket;
  }

  /** Mounts belong to the command alone and end with it. */
  #inRoot(command: string[], show = true): Promise<string> {
    const registry = this.#registry?.address() as { port: number } | undefined;
    const enter = 'mount -t proc proc "$1/proc" && root=$1 && shift && cd / && exec chroot "$root" "$@"';
    return runCommand('unshare', ['--mount', '--', 'bash', '-c', enter, 'enter', this.#root, ...command], {
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LANG: 'C.UTF-8',
        ...(registry ? { NPM_REGISTRY: `http://127.0.0.1:${registry.port}` } : {}),
        SKIP_AWS_AGENTS: '1',
        ...(process.env.http_proxy ? { http_proxy: process.env.http_proxy } : {}),
      },
      show,
      timeoutMs: 30 * MINUTE_MS,
      signal: this.signal,
    });
  }
}

function onPath(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

void main();
