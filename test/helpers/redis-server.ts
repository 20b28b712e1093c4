import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServerBin } from '../../scripts/setup/parts.cjs';
import { eventually } from './eventually';

/**
 * A private redis-server for one test suite, on a Unix socket in a folder of its own. `stop()` in `afterAll`
 * leaves nothing behind, and neither does a test process that dies.
 */
export class RedisServer {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'fleet-redis-'));
  readonly #extraArguments: string[];
  #process: ChildProcess | undefined;
  readonly #killOnExit = (): void => this.#remove();

  private constructor(
    extraArguments: string[],
    readonly port: number,
  ) {
    this.#extraArguments = extraArguments;
    process.once('exit', this.#killOnExit);
  }

  /** @param options.tcp also listen on a free port of 127.0.0.1, as `port` then says */
  static async start({
    extraArguments = [],
    tcp = false,
  }: { extraArguments?: string[]; tcp?: boolean } = {}): Promise<RedisServer> {
    const port = tcp ? await freePort() : 0;
    const server = new RedisServer(extraArguments, port);
    await server.#spawn();
    return server;
  }

  /** For `connectRedis()` and FLEET configuration. */
  get url(): string {
    return `unix://${this.socketPath}`;
  }

  get socketPath(): string {
    return path.join(this.#folder, 'redis.sock');
  }

  /** A key prefix that no other test uses. */
  randomPrefix(): string {
    return `t-${randomBytes(6).toString('hex')}`;
  }

  /** A plain client that waits for its commands; the caller disconnects it. */
  client({ password }: { password?: string | undefined } = {}): Redis {
    const client = new Redis({
      path: this.socketPath,
      ...(password === undefined ? {} : { password }),
      retryStrategy: (attempt) => Math.min(attempt * 20, 200),
    });
    // A restart of the server is part of some tests; without a listener ioredis prints each failed attempt.
    client.on('error', () => undefined);
    return client;
  }

  /** Wants this password of every new connection from now on; those that are open stay so. */
  async requirePassword(password: string, { before }: { before?: string | undefined } = {}): Promise<void> {
    const client = this.client({ password: before });
    try {
      await client.config('SET', 'requirepass', password);
    } finally {
      client.disconnect();
    }
  }

  /** Kills the server, as an outage does: what isn't on disk is lost. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await exited;
  }

  /** Writes to disk what a `restart` after a `kill()` finds. */
  async save(): Promise<void> {
    const client = this.client();
    try {
      await client.save();
    } finally {
      client.disconnect();
    }
  }

  /** Brings it back after `kill()` or instead of a running one. `empty: false` keeps the data that it has now. */
  async restart({ empty }: { empty: boolean }): Promise<void> {
    if (!empty && this.#process) await this.save();
    await this.kill();
    if (empty) rmSync(path.join(this.#folder, 'dump.rdb'), { force: true });
    await this.#spawn();
  }

  /** Stops answering without closing anything, as a stalled machine does. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends the server and removes its folder. Idempotent. */
  async stop(): Promise<void> {
    await this.kill();
    this.#remove();
    process.removeListener('exit', this.#killOnExit);
  }

  #remove(): void {
    this.#process?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #spawn(): Promise<void> {
    const child = spawn(
      findRedisServerBin(),
      [
        ...[
          '--port',
          String(this.port),
          '--bind',
          '127.0.0.1',
          '--unixsocket',
          this.socketPath,
          '--dir',
          this.#folder,
        ],
        ...['--save', '', '--appendonly', 'no', '--loglevel', 'warning'],
        ...this.#extraArguments,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    this.#process = child;
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    const client = this.client();
    try {
      await eventually(
        () => {
          if (failure) throw failure;
          if (child.exitCode !== null) throw new Error(`redis-server exited with ${child.exitCode}`);
          return client.status === 'ready';
        },
        { intervalMs: 10 },
      );
    } finally {
      client.disconnect();
    }
  }
}

async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
