import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../../core/clock';
import { NETWORK_PORTS } from '../../core/deployment/network-ports';
import { FleetError } from '../../core/errors';
import type { ClockSpeed } from '../../core/scaled-clock';
import { TYPICAL_LATENCIES } from '../cloud/cloud-latencies';
import type { InstanceNode, MachineObserver } from '../cloud/ec2/local-machine';
import type { CloudJournal } from '../cloud/journal';
import { LocalCloud } from '../cloud/local-cloud';
import { primaryRegion } from '../cloud/template/cloud-assembly';
import { ConsoleServer } from '../console/console-server';
import type { ConsoleSource } from '../console/console-source';
import { RunnerError } from '../runner-error';
import { mintToken } from '../token/mint-token';
import { roomLink } from '../token/room-link';
import type { BuiltFleet } from './build-fleet';
import { CloudConsoleSource, type OperatorRequest } from './cloud-console-source';
import { newsOf } from './cloud-news';
import { ConsoleLoad } from './console-load';
import type { FleetOptions } from './fleet-options';
import { viewFleet } from './fleet-view';
import { freePort } from './free-port';
import { FrontPort } from './front-port';
import { instanceEnvironment } from './instance-environment';
import { makeFolder } from './make-folder';
import { askHttp } from './node-http';
import { pollUntil } from './poll-until';
import { tooSmallForARoom } from './room-minimum';
import type { RunFolder } from './run-folder';
import { createRunKeys, type RunKeys } from './run-keys';
import { RunStore } from './run-store';
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

/** From all nodes listening to all of them in service, milliseconds: several leases, and time for a busy machine. */
const SETTLE_TIMEOUT_MS = 60_000;
const STATUS_INTERVAL_MS = 1_000;
const ASK_TIMEOUT_MS = 1_000;
/** The room of the link that a run with `auth: token` prints, and how long its token is good, milliseconds. */
const LINK_ROOM = 'demo';
const LINK_TTL_MS = 12 * 3_600_000;

/** A whole fleet on this machine: the local cloud with the deployment in it, and the front port before its nodes. */
export class FleetRunner {
  private readonly front: FrontPort;
  /** Nodes that are up, by instance id. */
  private readonly nodes = new Map<string, RunnerNode & { host: string; port: number }>();
  private readonly logFolder: string;
  private readonly store: RunStore;
  private readonly clockSpeed: ClockSpeed;
  /** What the console's buttons add. */
  private readonly load: ConsoleLoad;
  private keyPrefix = '';
  private keys: RunKeys | undefined;
  private running: LocalCloud | undefined;
  private console: ConsoleServer | undefined;
  private source: CloudConsoleSource | undefined;
  private closing: Promise<void> | undefined;
  private isReady = false;
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
    const { folder, clock, output } = parts;
    this.logFolder = resolve(options.logFolder ?? folder.file('logs'));
    this.clockSpeed = { speed: options.speed, originMs: Math.round(clock.nowMs()) };
    this.front = new FrontPort({
      port: options.port,
      clock,
      probe: async (address, timeoutMs) =>
        (await askHttp({ ...address, path: '/readyz', timeoutMs })).status === 200,
      onHealthChanged: (instanceId, healthy) =>
        this.running?.journal.add({ kind: 'target-health', instanceId, healthy }),
      startCommand: parts.startCommand,
    });
    this.store = new RunStore({
      serverBin: parts.redisServerBin,
      folder: folder.sub('redis'),
      watchdog: parts.watchdog,
      clock,
      output,
      onLost: (error) => this.reportFailure(error),
    });
    this.load = new ConsoleLoad({
      url: () => this.url,
      token: () => this.peerToken('console'),
      onFailed: (error) => output.emit({ event: 'warning', message: `the load ended: ${error.message}` }),
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
    const built = await this.parts.build();
    this.throwIfClosing();
    const cloud = await this.startCloud(built);
    await this.deploy(cloud, built.assemblyFolder);
    this.throwIfClosing();
    if (this.options.auth === 'token') this.keys = await this.readKeys(cloud);
    await this.settle(cloud);
    this.isReady = true;
    await this.announce(cloud, startedMs);
    this.watchStatus();
  }

  /** The cloud that the fleet runs in, once {@link start} is done. */
  get cloud(): LocalCloud {
    if (!this.running) throw new Error('the fleet has not started');
    return this.running;
  }

  /** What the console shows and does, once {@link start} is done. */
  get consoleSource(): ConsoleSource {
    if (!this.source) throw new Error('the fleet has not started');
    return this.source;
  }

  /** Where people connect, once {@link start} is done. */
  get url(): string {
    return `http://localhost:${this.front.port}`;
  }

  /** Ends everything in order: nodes (they tell their clients), front port, Redis, files. Idempotent. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      this.load.close();
      await this.console?.close();
      await this.running?.close();
      await this.front.close();
      await this.store.close();
      await this.parts.folder.remove();
      await this.parts.watchdog.close();
    })();
    return this.closing;
  }

  /** For who can't wait for {@link close}: SIGKILL to all nodes, so that it is done at once. */
  kill(): void {
    this.running?.kill();
  }

  private async startCloud(built: BuiltFleet): Promise<LocalCloud> {
    const { options, parts } = this;
    const { output, clock } = parts;
    // Nodes are told where the console is before it can be asked anything.
    const consolePort = options.consolePort === 0 ? await freePort() : options.consolePort;
    const consoleUrl = `http://localhost:${consolePort}/`;
    const region = primaryRegion(built.assemblyFolder);
    const cloud: LocalCloud = await LocalCloud.start({
      identity: { region, account: '123456789012', partition: 'aws' },
      processClock: clock,
      clockSpeed: this.clockSpeed,
      latencies: TYPICAL_LATENCIES,
      random: Math.random,
      watchdog: parts.watchdog,
      logFolder: this.logFolder,
      nodes: options.nodes,
      workers: options.workers,
      ports: NETWORK_PORTS,
      targets: this.front.targets,
      openStore: ({ password }) => this.store.open({ password }),
      machines: {
        folder: (instanceId) => parts.folder.sub(instanceId),
        restart: options.restart,
        nodeEnvironment: async (instance) => {
          this.keyPrefix = instance.userDataVariables.FLEET_REDIS_PREFIX ?? '';
          await this.store.declareNew(this.keyPrefix);
          return instanceEnvironment({
            instance,
            fleet: options,
            inherited: parts.env,
            access: cloud.access,
            store: this.storeAddress(),
            workerBin: parts.workerBin,
            clockSpeed: this.clockSpeed,
            consoleUrl,
          });
        },
        observer: this.observeMachines(),
      },
      onUnexpected: ({ service, operation, error }) =>
        output.emit({ event: 'warning', message: `${service}:${operation}: ${messageOf(error)}` }),
    });
    this.running = cloud;
    this.listen(cloud.journal);
    this.source = new CloudConsoleSource({
      cloud,
      store: this.store,
      load: this.load,
      region,
      speed: options.speed,
      ask: (request) => this.ask(request),
    });
    this.console = await ConsoleServer.start({
      source: this.source,
      pageRoot: built.consoleRoot,
      port: consolePort,
      clock,
    });
    return cloud;
  }

  private observeMachines(): MachineObserver {
    const { output } = this.parts;
    return {
      onNodeReady: ({ instanceId, address, pid }: InstanceNode): void => {
        const again = this.nodes.has(instanceId);
        const { host } = address;
        const port = address.ports.http;
        const node = { nodeId: instanceId, httpUrl: `http://${host}:${port}`, pid };
        this.nodes.set(instanceId, { ...node, host, port });
        if (this.isReady) output.emit({ event: again ? 'node-restarted' : 'node-started', node });
      },
      onNodeDied: (nodeId: string, reason: string, restartInMs: number | undefined): void => {
        if (this.closing) return;
        output.emit({
          event: 'node-died',
          nodeId,
          reason,
          ...(restartInMs !== undefined && { restartInMs }),
        });
      },
      onNodeFailed: (nodeId: string, reason: string): void => {
        if (this.closing) return;
        if (this.isReady) output.emit({ event: 'warning', message: `${nodeId} did not start: ${reason}` });
        // Auto Scaling would launch others for ever; a person is told at once.
        else this.reportFailure(new RunnerError(`${nodeId} did not start: ${reason}`));
      },
      onNodeWarning: (nodeId: string, warning: { level: 'warn' | 'error'; message: string }): void => {
        if (!this.closing) output.emit({ event: 'node-warning', nodeId, ...warning });
      },
    };
  }

  private listen(journal: CloudJournal): void {
    journal.subscribe((entry) => {
      if (entry.kind === 'instance-state' && entry.to === 'Terminated') this.nodes.delete(entry.instanceId);
      const news = newsOf(entry);
      if (news && this.isReady && !this.closing) this.parts.output.emit(news);
    });
  }

  private storeAddress(): { host: string; port: number } {
    const redis = this.store.current;
    if (!redis) throw new Error('the deployment has no placement store');
    return redis.address;
  }

  /** @throws RunnerError when the deployment can not be played */
  private async deploy(cloud: LocalCloud, folder: string): Promise<void> {
    try {
      await Promise.race([cloud.deploy(folder), this.failed]);
    } catch (cause) {
      const own = ownError(cause);
      if (own) throw own;
      throw new RunnerError(`the deployment can not be played: ${messageOf(cause)}`, { cause });
    }
  }

  /** Out of the secrets that the deployment has made. */
  private readKeys(cloud: LocalCloud): Promise<RunKeys> {
    const read = (end: string): string => {
      const secret = cloud.engine
        .resources('AWS::SecretsManager::Secret')
        .find(({ properties }) => (properties as { Name?: string }).Name?.endsWith(end));
      return cloud.secrets.version(secret?.ref ?? end, {}).version.text ?? '';
    };
    return createRunKeys(this.parts.folder, { peers: read('/token'), operators: read('/admin-token') });
  }

  /** Waits until every node of the group gets connections, and sees every node in service. @throws RunnerError */
  private async settle(cloud: LocalCloud): Promise<void> {
    const settled = pollUntil(
      async () => {
        this.throwIfClosing();
        const wanted = this.desiredNodes(cloud);
        if (this.nodes.size < wanted || this.front.targets.healthyNodeIds().length < wanted) return false;
        const views = await Promise.all([...this.nodes.values()].map((node) => this.viewOf(node)));
        return views.every((view) => view?.nodesReady === wanted);
      },
      { clock: this.parts.clock, intervalMs: 50, timeoutMs: SETTLE_TIMEOUT_MS },
    );
    if (!(await Promise.race([settled, this.failed]))) {
      throw new RunnerError(
        `the nodes started but are not in service: npm start -- --log-folder logs, and see there`,
      );
    }
  }

  private desiredNodes(cloud: LocalCloud): number {
    return cloud.autoScaling.groups().reduce((sum, { state }) => sum + state.desired, 0);
  }

  private async announce(cloud: LocalCloud, startedMs: number): Promise<void> {
    const { output, clock } = this.parts;
    const redis = this.store.current;
    output.emit({
      event: 'ready',
      url: this.url,
      link: await this.link(this.url),
      console: this.console?.url ?? '',
      nodes: [...this.nodes.values()].map(({ nodeId, httpUrl, pid }) => ({ nodeId, httpUrl, pid })),
      redis: redis?.url ?? '',
      redisPrefix: this.keyPrefix,
      awsEndpoint: cloud.access.AWS_ENDPOINT_URL ?? '',
      speed: this.options.speed,
      logFolder: this.logFolder,
      auth: this.options.auth,
      ...(this.keys && { keyFiles: this.keys.files }),
      notSimulated: cloud.engine.notSimulated(),
      tookMs: Math.round(clock.monotonicMs() - startedMs),
    });
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
    const status = await this.view();
    if (!status) return;
    const text = JSON.stringify(status);
    if (text !== this.lastStatus && !this.closing) this.parts.output.emit({ event: 'status', ...status });
    this.lastStatus = text;
  }

  /** One request to the operator API of a node that answers. @throws FleetError when none does, or it refuses */
  private async ask({ method, path, body }: OperatorRequest): Promise<unknown> {
    const token = await this.operatorToken();
    for (const nodeId of this.front.targets.healthyNodeIds()) {
      const node = this.nodes.get(nodeId);
      const answer =
        node &&
        (await askHttp({
          host: node.host,
          port: node.port,
          method,
          path,
          body: body && JSON.stringify(body),
          headers: token ? { authorization: `Bearer ${token}` } : {},
          timeoutMs: ASK_TIMEOUT_MS,
        }).catch(() => undefined));
      if (!answer) continue;
      const json = JSON.parse(answer.body || '{}') as { message?: string };
      if (answer.status < 300) return json;
      throw new FleetError(answer.status === 404 ? 'FLEET_ERR_NOT_FOUND' : 'FLEET_ERR_BAD_REQUEST', {
        message: json.message ?? `the node answered ${answer.status}`,
      });
    }
    throw new FleetError('FLEET_ERR_PLACEMENT_UNAVAILABLE', { message: 'no node answers' });
  }

  /** The fleet as the first node sees it that answers. */
  private async view(): Promise<FleetStatus | undefined> {
    for (const nodeId of this.front.targets.healthyNodeIds()) {
      const node = this.nodes.get(nodeId);
      const status = node && (await this.viewOf(node));
      if (status) return status;
    }
    return undefined;
  }

  /** The fleet as one node sees it, or undefined when it does not answer well. */
  private async viewOf({ host, port }: { host: string; port: number }): Promise<FleetStatus | undefined> {
    try {
      return await viewFleet({
        host,
        port,
        operatorToken: await this.operatorToken(),
        nodesTotal: this.running ? this.desiredNodes(this.running) : 0,
        timeoutMs: ASK_TIMEOUT_MS,
      });
    } catch {
      return undefined;
    }
  }

  private async operatorToken(): Promise<string | undefined> {
    const key = this.keys?.operators;
    return (
      key &&
      mintToken({
        request: { kind: 'operator' },
        subject: 'fleet-runner',
        ttlMs: 60_000,
        key,
        nowMs: this.parts.clock.nowMs(),
      })
    );
  }

  /** What a person opens: with `auth: token` a token is part of it, or nobody would get in. */
  private async link(url: string): Promise<string> {
    const token = await this.peerToken('fleet-runner');
    return token === undefined ? url : roomLink(url, { room: LINK_ROOM, token });
  }

  /** For all rooms. Undefined: none is needed. */
  private async peerToken(subject: string): Promise<string | undefined> {
    const key = this.keys?.peers;
    if (!key) return undefined;
    const grants = { canPublish: true, canSubscribe: true, canPublishData: true };
    return mintToken({
      request: { kind: 'peer', room: '*', ...grants },
      subject,
      ttlMs: LINK_TTL_MS,
      key,
      nowMs: this.parts.clock.nowMs(),
    });
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

/** A part of this run that failed under a resource of the template: a person knows it, not the resource. */
function ownError(error: unknown): RunnerError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RunnerError) return cause;
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
