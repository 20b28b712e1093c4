import type { Redis } from 'ioredis';
import type {
  HeartbeatReply,
  NodeHeartbeat,
  PlacePeerRequest,
  Placement,
} from '../../core/placement/placement-port';
import { PlacementStore, type PlacementStoreOptions } from '../../node-app/placement/placement-store';
import type { RedisServer } from './redis-server';

export const BOTH = { publishes: true, subscribes: true };
export const AUDIENCE = { publishes: false, subscribes: true };

/** What a test's node has unless it says otherwise: 100 Mbit/s and 20,000 packets per second. */
export const TEST_CAPACITY = { egressBps: 100_000_000, packetsPerSecond: 20_000 };

/** A fleet of nodes that are only heartbeats, on a real Redis and a virtual clock that the test moves. */
export class TestFleet {
  readonly prefix: string;
  readonly redis: Redis;
  readonly store: PlacementStore;
  nowMs = 1_800_000_000_000;
  readonly #seqs = new Map<string, number>();
  readonly #serving = new Map<string, Partial<NodeHeartbeat>>();

  constructor(server: RedisServer, options: Partial<PlacementStoreOptions> = {}) {
    this.prefix = `sim-${server.randomPrefix()}`;
    this.redis = server.client();
    this.store = this.openStore(options);
  }

  /** Another gateway's view of the same fleet. */
  openStore(options: Partial<PlacementStoreOptions> = {}): PlacementStore {
    return new PlacementStore({
      redis: this.redis,
      keyPrefix: this.prefix,
      random: Math.random,
      virtualNowMs: () => this.nowMs,
      ...options,
    });
  }

  heartbeatOf(nodeId: string, overrides: Partial<NodeHeartbeat> = {}): NodeHeartbeat {
    const last = this.#seqs.get(nodeId) ?? 0;
    this.#seqs.set(nodeId, last + 1);
    return {
      nodeId,
      release: '0.1.0',
      linkAddress: `${nodeId}.test:4444`,
      state: 'SERVING',
      ready: true,
      cascades: true,
      capacity: TEST_CAPACITY,
      committed: { egressBps: 0, packetsPerSecond: 0 },
      measured: { egressBps: 0, packetsPerSecond: 0 },
      load: { cpuLoad: 0, sysLoad: 0, rooms: 0, clients: 0, tracks: 0, bytesPerSecond: 0 },
      seenClaims: [],
      rooms: [],
      endedRooms: [],
      full: last === 0,
      heartbeatSeq: last + 1,
      acknowledgedSeq: last,
      ...overrides,
    };
  }

  beat(nodeId: string, overrides: Partial<NodeHeartbeat> = {}): Promise<HeartbeatReply> {
    return this.store.heartbeat(this.heartbeatOf(nodeId, overrides));
  }

  /** Nodes of a fleet that has served for longer than a lease, so that new rooms are taken. */
  async serve(nodeIds: string[], overrides: Partial<NodeHeartbeat> = {}): Promise<void> {
    const isNewFleet = this.#serving.size === 0;
    for (const nodeId of nodeIds) {
      this.#serving.set(nodeId, overrides);
      await this.beat(nodeId, overrides);
    }
    if (isNewFleet) await this.advance(3_000);
  }

  /** Time passes, with a heartbeat of every serving node each second; `silent` ones say nothing. */
  async advance(ms: number, { silent = [] }: { silent?: string[] } = {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.nowMs += Math.min(1_000, ms - passed);
      for (const [nodeId, overrides] of this.#serving) {
        if (!silent.includes(nodeId)) await this.beat(nodeId, overrides);
      }
    }
  }

  place(roomId: string, request: Partial<PlacePeerRequest> = {}): Promise<Placement> {
    return this.store.placePeer({ roomId, role: BOTH, ...request });
  }

  async keys(): Promise<string[]> {
    return (await this.redis.keys(`{${this.prefix}}:*`)).sort();
  }

  async close(): Promise<void> {
    const keys = await this.keys();
    if (keys.length > 0) await this.redis.del(keys);
    this.redis.disconnect();
  }
}
