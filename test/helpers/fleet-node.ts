import { once } from 'node:events';
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pino, type Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../../core/clock';
import { startNode, type FleetNode } from '../../node-app/compose';
import { parseConfig } from '../../node-app/config';
import { systemClock } from '../../node-app/system-clock';
import { buildNodeApp } from '../../scripts/build-node-app';
import { findWorkerBin } from '../../scripts/setup/parts.cjs';
import { eventually, PATIENCE_MS } from './eventually';
import { RedisServer } from './redis-server';

export interface TestNodesOptions {
  /** @default 1 */
  count?: number;
  /** Further variables; a function is asked for each node. */
  env?: Record<string, string> | ((index: number) => Record<string, string>);
  /** What time it is on the machines of these nodes. @default this machine's */
  clock?: Clock;
  /** A Redis that is there already; it ends with them. @default one of their own */
  redis?: RedisServer;
  /** Where their log goes. @default as TEST_LOG_LEVEL says */
  logger?: Logger;
}

/** Nodes of one fleet in this process, with a Redis and workers of their own, on free ports. */
export class TestNodes {
  private constructor(
    readonly redis: RedisServer,
    readonly prefix: string,
    readonly nodes: FleetNode[],
    private readonly variables: (index: number) => Record<string, string>,
    private readonly machine: Pick<TestNodesOptions, 'clock' | 'logger'>,
  ) {}

  static async start(options: TestNodesOptions = {}): Promise<TestNodes> {
    const redis = options.redis ?? (await RedisServer.start());
    const prefix = redis.randomPrefix();
    const { env = {} } = options;
    const shared = nodeVariables(redis, prefix);
    const variables = (index: number) => ({
      ...shared,
      FLEET_NODE_ID: `node-${String.fromCharCode(97 + index)}`,
      ...(typeof env === 'function' ? env(index) : env),
    });
    const fleet = new TestNodes(redis, prefix, [], variables, options);
    try {
      for (let index = 0; index < (options.count ?? 1); index += 1) await fleet.add();
      await fleet.takesRooms();
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  /** One more node. */
  async add(): Promise<FleetNode> {
    const node = await startTestNode(this.variables(this.nodes.length), this.machine);
    this.nodes.push(node);
    return node;
  }

  /** `a` is the first node, and so on. */
  node(index: number): FleetNode {
    const node = this.nodes[index];
    if (!node) throw new RangeError(`no node ${index}`);
    return node;
  }

  /** WebSocket URL of a node's gateway. */
  url(index: number): string {
    return `ws://127.0.0.1:${this.node(index).httpPort}`;
  }

  /** New rooms go to this node only. */
  async onlyPlaceOn(index: number): Promise<void> {
    for (const [position, node] of this.nodes.entries()) {
      await node.parts.commands.command(node.nodeId, position === index ? 'uncordon' : 'cordon', {});
    }
  }

  async keys(): Promise<string[]> {
    const client = this.redis.client();
    const keys = await client.keys(`{${this.prefix}}:*`);
    client.disconnect();
    return keys.sort();
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.redis.stop();
  }

  /** A fleet that has just begun takes new rooms only when every node could have told of its own. */
  private async takesRooms(): Promise<void> {
    const [first] = this.nodes;
    if (!first) return;
    await eventually(async () => {
      const role = { publishes: true, subscribes: true };
      const { nodeId, roomId, claim } = await first.parts.placement.placePeer({
        roomId: 'probe',
        role,
        expectedPeers: 1,
      });
      await first.parts.placement.releaseClaim({ nodeId, roomId, seq: claim.seq });
      return true;
    });
  }
}

/** A node in this process with exactly these variables. */
export function startTestNode(
  variables: Record<string, string>,
  { clock = systemClock, logger }: Pick<TestNodesOptions, 'clock' | 'logger'> = {},
): Promise<FleetNode> {
  const config = parseConfig(variables);
  return startNode({
    config,
    workerBin: config.FLEET_WORKER_BIN ?? findWorkerBin(),
    clock,
    random: Math.random,
    logger: logger ?? pino({ level: config.FLEET_LOG_LEVEL, base: { nodeId: config.FLEET_NODE_ID } }),
  });
}

/** What every test's node has in common: open to loopback, one worker, every port free. */
export function nodeVariables(redis: RedisServer, prefix: string): Record<string, string> {
  return {
    FLEET_REDIS_URL: redis.url,
    FLEET_REDIS_PREFIX: prefix,
    FLEET_HTTP_PORT: '0',
    FLEET_LINK_PORT: '0',
    FLEET_LINK_SECRETS: randomBytes(32).toString('hex'),
    FLEET_MEDIA_PORT_BASE: '0',
    FLEET_WORKERS: '1',
    FLEET_WORKER_BIN: findWorkerBin(),
    FLEET_AUTH: 'open',
    FLEET_LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
  };
}

const readySchema = z.object({
  type: z.literal('ready'),
  nodeId: z.string(),
  httpPort: z.number(),
  linkPort: z.number(),
  mediaPorts: z.array(z.number()),
});

/** A node as a process of its own, from the bundle, as images run it. */
export class TestNodeProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly ready: z.infer<typeof readySchema>,
  ) {}

  static async start(variables: Record<string, string>, options?: ForkNodeOptions): Promise<TestNodeProcess> {
    const child = await forkNode(variables, options);
    try {
      const [message] = (await Promise.race([
        once(child, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) }),
        once(child, 'exit').then(() => Promise.reject(new Error('the node ended'))),
      ])) as [unknown];
      return new TestNodeProcess(child, readySchema.parse(message));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get url(): string {
    return `ws://127.0.0.1:${this.ready.httpPort}`;
  }

  /** Sends a signal, and gives the exit status (or the signal that ended it). */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) });
    this.child.kill(signal);
    const [code, endedBy] = (await exited) as [number | null, string | null];
    return code ?? endedBy;
  }
}

export interface ForkNodeOptions {
  /** The bundle. @default node-app's own */
  entry?: string;
  /** A command that runs it somewhere else. @default none */
  launcher?: readonly string[];
}

/** The raw process, for a start that is meant to fail. */
export async function forkNode(
  variables: Record<string, string>,
  { entry, launcher = [] }: ForkNodeOptions = {},
): Promise<ChildProcess> {
  const [execPath, ...execArgv] = [...launcher, process.execPath];
  const child = fork(entry ?? (await buildNodeApp()).entry, [], {
    execPath,
    execArgv,
    cwd: path.join(__dirname, '../..'),
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...variables,
    },
    silent: true,
  });
  const folder = process.env.TEST_LOG_FOLDER;
  if (folder !== undefined) {
    child.stdout?.pipe(createWriteStream(path.join(folder, `${variables.FLEET_NODE_ID}-${child.pid}.log`)));
  }
  return child;
}
