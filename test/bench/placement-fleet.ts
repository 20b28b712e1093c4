import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import type { CapacityVector } from '../../core/capacity/capacity-vector';
import type { RandomSource } from '../../core/clock';
import type { NodeHeartbeat } from '../../core/placement/placement-port';
import { redisKeys } from '../../core/redis-keys';
import { connectRedis } from '../../node-app/placement/redis-connection';
import { PlacementStore } from '../../node-app/placement/placement-store';
import type { RedisServer } from '../helpers/redis-server';

const LEASE_TTL_MS = 600_000;

/** Nodes that only exist as heartbeats, on a real Redis and its own clock. */
export class BenchFleet {
  readonly nodeIds: string[];
  readonly redis: Redis;
  readonly store: PlacementStore;
  readonly prefix: string;
  readonly #capacity: CapacityVector;
  readonly #seqs = new Map<string, number>();

  constructor(options: {
    /** Started with `tcp`: deployments reach Redis over TCP, and a Unix socket would make every round trip cheaper. */
    server: RedisServer;
    nodes: number;
    random: RandomSource;
    /** Of each node. @default 1.4 Gbit/s and 280,000 packets per second, as of a c7g.xlarge */
    capacity?: CapacityVector;
  }) {
    this.nodeIds = Array.from({ length: options.nodes }, (_, i) => `node-${i}`);
    this.#capacity = options.capacity ?? { egressBps: 1.4e9, packetsPerSecond: 280_000 };
    this.prefix = options.server.randomPrefix();
    // The node app's own connection, with its command timeout: what a join pays for, a GET pays for too.
    this.redis = connectRedis({
      url: `redis://127.0.0.1:${options.server.port}`,
      logger: pino({ enabled: false }),
      commandTimeoutMs: 60_000,
    });
    this.store = new PlacementStore({
      redis: this.redis,
      keyPrefix: this.prefix,
      random: options.random,
      // Nobody beats while a series is timed, and a loaded machine can take long over it.
      timing: { leaseTtlMs: LEASE_TTL_MS },
    });
  }

  async beatAll(): Promise<void> {
    await Promise.all(this.nodeIds.map((nodeId) => this.store.heartbeat(this.#heartbeat(nodeId))));
  }

  /** Ready for new rooms at once: as if the fleet had run for longer than a lease. */
  async begin(): Promise<void> {
    if (this.redis.status !== 'ready') await once(this.redis, 'ready');
    await this.redis.set(redisKeys(this.prefix).generation, String((Date.now() - 2 * LEASE_TTL_MS) * 1_000));
    await this.beatAll();
  }

  async close(): Promise<void> {
    await this.redis.flushall();
    this.redis.disconnect();
  }

  #heartbeat(nodeId: string): NodeHeartbeat {
    const last = this.#seqs.get(nodeId) ?? 0;
    this.#seqs.set(nodeId, last + 1);
    return {
      nodeId,
      release: '0.1.0',
      linkAddress: `${nodeId}.bench:4444`,
      state: 'SERVING',
      ready: true,
      cascades: true,
      capacity: this.#capacity,
      committed: { egressBps: 0, packetsPerSecond: 0 },
      measured: { egressBps: 0, packetsPerSecond: 0 },
      load: { cpuLoad: 0.1, sysLoad: 0.1, rooms: 0, clients: 0, tracks: 0, bytesPerSecond: 0 },
      seenClaims: [],
      rooms: [],
      endedRooms: [],
      full: last === 0,
      heartbeatSeq: last + 1,
      acknowledgedSeq: last,
    };
  }
}
