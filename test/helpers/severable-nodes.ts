import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock';
import { TestNodes } from './fleet-node';
import { RedisServer } from './redis-server';
import { TcpProxy } from './tcp-proxy';

export interface SeverableNodesOptions {
  /** Nodes, `node-a` and so on. @default 2 */
  count?: number;
  /** Further variables of all nodes. */
  env?: Record<string, string>;
  /** What time it is on their machines. @default this machine's */
  clock?: Clock;
}

/** Nodes in this process, each with ways of its own to Redis and to its link port, which a test cuts, stalls or slows down. */
export class SeverableNodes {
  private constructor(
    readonly fleet: TestNodes,
    /** From each node to Redis. */
    readonly toRedis: readonly TcpProxy[],
    /** From the others to each node's link port. */
    readonly toLink: readonly TcpProxy[],
  ) {}

  static async start({ count = 2, env, clock }: SeverableNodesOptions = {}): Promise<SeverableNodes> {
    const redis = await RedisServer.start();
    const eachOf = (url?: string) => Promise.all(Array.from({ length: count }, () => TcpProxy.to(url)));
    const [toRedis, toLink] = await Promise.all([eachOf(redis.url), eachOf()]);
    const secret = randomBytes(32).toString('hex');
    const fleet = await TestNodes.start({
      count,
      redis,
      ...(clock && { clock }),
      env: (index) => ({
        FLEET_REDIS_URL: `redis://${toRedis[index]?.address}`,
        FLEET_LINK_ADDRESS: toLink[index]?.address ?? '',
        FLEET_LINK_SECRETS: secret,
        ...env,
      }),
    });
    // Links are dialed only when a node has work for another one, by when all ports are known.
    for (const [index, proxy] of toLink.entries()) {
      proxy.retarget(`tcp://127.0.0.1:${fleet.node(index).linkPort}`);
    }
    return new SeverableNodes(fleet, toRedis, toLink);
  }

  /** Nothing passes between Redis and this node, and nobody is told. */
  stallRedis(index: number): void {
    this.toRedis[index]?.stall();
  }

  /** Nothing passes on any link, and nobody is told: each node is alone. */
  stallLinks(): void {
    for (const proxy of this.toLink) proxy.stall();
  }

  /** Everything passes again, also what was held back. */
  heal(): void {
    for (const proxy of [...this.toRedis, ...this.toLink]) {
      proxy.restore();
      proxy.unstall();
      proxy.slow(0);
    }
  }

  /** Ids of the nodes that hold the room and take themselves for its home. */
  homesOf(roomId: string): string[] {
    return this.fleet.nodes
      .filter(({ nodeId, parts }) =>
        parts.media.accounts.some((account) => {
          const { roomId: id, homeNodeId = '' } = account.report();
          return id === roomId && (homeNodeId === '' || homeNodeId === nodeId);
        }),
      )
      .map(({ nodeId }) => nodeId);
  }

  /** What Redis still has of rooms and claims, in words; empty once everybody has left. */
  async leftovers(): Promise<string[]> {
    const keys = await this.fleet.keys();
    const nodes = await this.fleet.node(0).parts.placement.listNodes();
    return [
      ...keys.filter((key) => /}:(claims|rooms|room-parts|room-index)$/.test(key)),
      ...nodes
        .filter(({ committed }) => committed.egressBps > 0 || committed.packetsPerSecond > 0)
        .map(({ nodeId, committed }) => `${nodeId} has reserved ${committed.egressBps} bit/s`),
    ];
  }

  async close(): Promise<void> {
    this.heal();
    await this.fleet.close();
    await Promise.all([...this.toRedis, ...this.toLink].map((proxy) => proxy.close()));
  }
}
