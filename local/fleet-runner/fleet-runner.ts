import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock } from '../../core/clock';
import { mintToken } from '../token/mint-token';
import { roomLink } from '../token/room-link';
import { RunnerError } from '../runner-error';
import type { BuiltFleet } from './build-fleet';
import type { FleetOptions } from './fleet-options';
import { viewFleet } from './fleet-view';
import { FrontPort } from './front-port';
import { makeFolder } from './make-folder';
import { nodeEnvironment } from './node-environment';
import { askHttp } from './node-http';
import { NodeProcess } from './node-process';
import { NodeSupervisor } from './node-supervisor';
import { pollUntil } from './poll-until';
import { PrivateRedis } from './private-redis';
import { tooSmallForARoom } from './room-minimum';
import type { RunFolder } from './run-folder';
import { createRunKeys, type RunKeys } from './run-keys';
import type { FleetStatus, RunnerNode, RunnerOutput } from './runner-events';
import type { Watchdog } from './watchdog';

export interface FleetRunnerParts {
  redisServerBin: string;
  workerBin: string;
  /** What nodes inherit, e.g. PATH and what the user set of the fleet's own configuration. */
  env: NodeJS.ProcessEnv;
  folder: RunFolder;
  watchdog: Watchdog;
  clock: Clock;
  output: RunnerOutput;
  /** Builds what is not built yet. */
  build: () => Promise<BuiltFleet>;
  /** The command that tries again with another front port. */
  startCommand: (port: number) => string;
}

/** Nodes listen here and nowhere else: `auth: open` is for this machine alone. */
const LOOPBACK = '127.0.0.1';
const REDIS_PREFIX = 'fleet-local';
/** A node gives its own graceful stop this long, milliseconds, … */
const NODE_STOP_TIMEOUT_MS = 2_000;
/** … and is killed after this; with Redis and the rest it makes less than 5 s. */
const NODE_STOP_GRACE_MS = 3_000;
const REDIS_STOP_GRACE_MS = 500;
/** From all nodes listening to all of them in service, milliseconds: several leases. */
const SETTLE_TIMEOUT_MS = 15_000;
const STATUS_INTERVAL_MS = 1_000;
const ASK_TIMEOUT_MS = 1_000;
/** The room of the link that a run with `auth: token` prints, and how long its token is good, milliseconds. */
const LINK_ROOM = 'demo';
const LINK_TTL_MS = 12 * 3_600_000;

/** A whole fleet on this machine: a private Redis, the nodes, and the front port before them. */
export class FleetRunner {
  private readonly front: FrontPort;
  private readonly nodes = new Map<string, RunnerNode & { port: number }>();
  private readonly supervisors: NodeSupervisor[] = [];
  private readonly logFolder: string;
  /** Of the links between this run's nodes. */
  private readonly linkSecret = randomBytes(32).toString('base64url');
  private keys: RunKeys | undefined;
  private redis: PrivateRedis | undefined;
  private closing: Promise<void> | undefined;
  private reportFailure: (error: Error) => void = () => undefined;
  private lastStatus = '';

  /** Rejects when the fleet can not go on; never resolves. */
  readonly failed = new Promise<never>((_, reject) => {
    this.reportFailure = reject;
  });

  constructor(
    private readonly options: FleetOptions,
    private readonly parts: FleetRunnerParts,
  ) {
    this.failed.catch(() => undefined);
    this.logFolder = resolve(options.logFolder ?? parts.folder.file('logs'));
    this.front = new FrontPort({
      port: options.port,
      clock: parts.clock,
      probe: async (address, timeoutMs) =>
        (await askHttp({ ...address, path: '/readyz', timeoutMs })).status === 200,
      probeIntervalMs: 250,
      startCommand: parts.startCommand,
    });
  }

  /** Resolves when people can use it. After a failure {@link close} still has to be called. @throws RunnerError */
  async start(): Promise<void> {
    const { clock, output } = this.parts;
    const startedMs = clock.monotonicMs();
    output.emit({ event: 'starting', runFolder: this.parts.folder.path, logFolder: this.logFolder });
    // Before any work: a busy port is the likeliest reason to fail.
    await this.front.listen();
    await this.checkFolders();
    this.warnOfSmallNodes();
    if (this.options.auth === 'token') this.keys = await createRunKeys(this.parts.folder);
    const [redis, built] = await Promise.all([this.startRedis(), this.parts.build()]);
    this.throwIfClosing();
    await redis.declareNew(REDIS_PREFIX);
    await this.startNodes(redis, built);
    await this.settle();
    const url = `http://localhost:${this.front.port}`;
    output.emit({
      event: 'ready',
      url,
      link: await this.link(url),
      nodes: [...this.nodes.values()]
        .toSorted((a, b) => a.nodeId.localeCompare(b.nodeId, 'en', { numeric: true }))
        .map(({ nodeId, httpUrl, pid }) => ({ nodeId, httpUrl, pid })),
      redis: redis.url,
      redisPrefix: REDIS_PREFIX,
      logFolder: this.logFolder,
      auth: this.options.auth,
      ...(this.keys && { keyFiles: this.keys.files }),
      tookMs: Math.round(clock.monotonicMs() - startedMs),
    });
    this.watchStatus();
  }

  /** Ends everything in order: nodes (they tell their clients), front port, Redis, files. Idempotent. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      await Promise.all(this.supervisors.map((supervisor) => supervisor.stop(NODE_STOP_GRACE_MS)));
      await this.front.close();
      await this.redis?.stop(REDIS_STOP_GRACE_MS);
      await this.parts.folder.remove();
      await this.parts.watchdog.close();
    })();
    return this.closing;
  }

  /** For who can't wait for {@link close}: SIGKILL to all nodes, so that it is done at once. */
  kill(): void {
    for (const supervisor of this.supervisors) supervisor.kill();
  }

  private async startRedis(): Promise<PrivateRedis> {
    const redis = await PrivateRedis.start({
      serverBin: this.parts.redisServerBin,
      folder: this.parts.folder.sub('redis'),
      watchdog: this.parts.watchdog,
      clock: this.parts.clock,
    });
    this.redis = redis;
    void redis.exited.then((exit) => {
      if (this.closing) return;
      this.parts.output.emit({
        event: 'redis-died',
        reason: exit.signal ? `killed by ${exit.signal}` : `ended with status ${exit.code}`,
      });
      // Calls go on without it; the nodes tell a new one all that it must know.
      this.startRedis().then(
        () => this.parts.output.emit({ event: 'redis-restarted' }),
        (error: unknown) => this.reportFailure(error instanceof Error ? error : new Error(String(error))),
      );
    });
    // Ended by a close() that came before it was there.
    if (this.closing) await redis.stop(REDIS_STOP_GRACE_MS);
    return redis;
  }

  private async startNodes(redis: PrivateRedis, built: BuiltFleet): Promise<void> {
    const starts = Array.from({ length: this.options.nodes }, (_, index) => {
      const nodeId = `node-${index + 1}`;
      const supervisor = this.superviseNode(nodeId, built.nodeEntry, {
        ...this.parts.env,
        ...nodeEnvironment({
          nodeId,
          fleet: this.options,
          host: LOOPBACK,
          redisUrl: redis.url,
          redisPrefix: REDIS_PREFIX,
          workerBin: this.parts.workerBin,
          webRoot: built.webRoot,
          linkSecret: this.linkSecret,
          tokenKeys: this.keys ? [this.keys.peers] : [],
          adminTokenKeys: this.keys ? [this.keys.operators] : [],
          stopTimeoutMs: NODE_STOP_TIMEOUT_MS,
        }),
      });
      this.supervisors.push(supervisor);
      return supervisor.start().catch((error: unknown) => {
        throw new RunnerError(
          `${nodeId} did not start: ${error instanceof Error ? error.message : String(error)}`,
          {
            cause: error,
          },
        );
      });
    });
    await Promise.all(starts);
    this.throwIfClosing();
  }

  private superviseNode(nodeId: string, entry: string, env: NodeJS.ProcessEnv): NodeSupervisor {
    const { clock, output } = this.parts;
    return new NodeSupervisor({
      clock,
      restart: this.options.restart,
      launch: () =>
        new NodeProcess({
          entry,
          env,
          logFile: join(this.logFolder, `${nodeId}.log`),
          watchdog: this.parts.watchdog,
          clock,
          onWarning: (warning) => {
            if (!this.closing) output.emit({ event: 'node-warning', nodeId, ...warning });
          },
        }),
      onReady: ({ httpPort }, process) => {
        const again = this.nodes.has(nodeId);
        const node = { nodeId, httpUrl: `http://${LOOPBACK}:${httpPort}`, pid: process.pid ?? 0 };
        this.nodes.set(nodeId, { ...node, port: httpPort });
        this.front.targets.set(nodeId, { host: LOOPBACK, port: httpPort });
        if (again) output.emit({ event: 'node-restarted', node });
      },
      onDied: ({ reason, restartInMs }) => {
        this.front.targets.remove(nodeId);
        output.emit({
          event: 'node-died',
          nodeId,
          reason,
          ...(restartInMs !== undefined && { restartInMs }),
        });
      },
    });
  }

  /** Waits until every node gets connections, and sees every node in service. @throws RunnerError */
  private async settle(): Promise<void> {
    const { nodes } = this.options;
    const settled = await pollUntil(
      async () => {
        this.throwIfClosing();
        if (this.front.targets.healthyNodeIds().length < nodes) return false;
        const views = await Promise.all([...this.nodes.values()].map((node) => this.view(node.port)));
        return views.every((view) => view?.nodesReady === nodes);
      },
      { clock: this.parts.clock, intervalMs: 50, timeoutMs: SETTLE_TIMEOUT_MS },
    );
    if (!settled) {
      throw new RunnerError(
        `the nodes started but are not in service: npm start -- --log-folder logs, and see there`,
      );
    }
  }

  private watchStatus(): void {
    let asking = false;
    const timer = this.parts.clock.setRepeating(STATUS_INTERVAL_MS, () => {
      if (this.closing) return timer.cancel();
      if (asking) return;
      asking = true;
      void this.report().finally(() => {
        asking = false;
      });
    });
  }

  private async report(): Promise<void> {
    for (const nodeId of this.front.targets.healthyNodeIds()) {
      const node = this.nodes.get(nodeId);
      const status = node && (await this.view(node.port));
      if (!status) continue;
      const text = JSON.stringify(status);
      if (text !== this.lastStatus && !this.closing) this.parts.output.emit({ event: 'status', ...status });
      this.lastStatus = text;
      return;
    }
  }

  /** The fleet as one node sees it, or undefined when it does not answer well. */
  private async view(port: number): Promise<FleetStatus | undefined> {
    const key = this.keys?.operators;
    try {
      return await viewFleet({
        host: LOOPBACK,
        port,
        operatorToken:
          key &&
          (await mintToken({
            request: { kind: 'operator' },
            subject: 'fleet-runner',
            ttlMs: 60_000,
            key,
            nowMs: this.parts.clock.nowMs(),
          })),
        nodesTotal: this.options.nodes,
        timeoutMs: ASK_TIMEOUT_MS,
      });
    } catch {
      return undefined;
    }
  }

  /** What a person opens: with `auth: token` a token is part of it, or nobody would get in. */
  private async link(url: string): Promise<string> {
    const key = this.keys?.peers;
    if (!key) return url;
    const grants = { canPublish: true, canSubscribe: true, canPublishData: true };
    const token = await mintToken({
      request: { kind: 'peer', room: '*', ...grants },
      subject: 'fleet-runner',
      ttlMs: LINK_TTL_MS,
      key,
      nowMs: this.parts.clock.nowMs(),
    });
    return roomLink(url, { room: LINK_ROOM, token });
  }

  private warnOfSmallNodes(): void {
    const message = tooSmallForARoom({
      capacityMbps: this.options.capacityMbps,
      expectedPeers: this.parts.env.FLEET_EXPECTED_PEERS,
    });
    if (message) this.parts.output.emit({ event: 'warning', message });
  }

  private async checkFolders(): Promise<void> {
    const { webRoot } = this.options;
    if (webRoot !== undefined && !(await stat(webRoot).catch(() => undefined))?.isDirectory()) {
      throw new RunnerError(`the folder ${webRoot} is not there: correct --web-root`);
    }
    try {
      await makeFolder(this.logFolder, 0o700);
    } catch (cause) {
      throw new RunnerError(`can not make the folder ${this.logFolder}: choose another --log-folder`, {
        cause,
      });
    }
  }

  private throwIfClosing(): void {
    if (this.closing) throw new RunnerError('stopped before it was ready');
  }
}
