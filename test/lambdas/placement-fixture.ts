import type { Redis } from 'ioredis';
import { pino } from 'pino';
import type { DrainCommand } from '../../core/drain/drain-command';
import { packDrainCommand } from '../../core/drain/drain-command';
import type { GroupInventory } from '../../core/drain/group-inventory';
import { redisKeys } from '../../core/redis-keys';
import { NodeDrain } from '../../node-app/drain/node-drain';
import { PlacementStore } from '../../node-app/placement/placement-store';
import { systemClock } from '../../node-app/system-clock';
import type { RedisServer } from '../helpers/redis-server';
import { TEST_CAPACITY } from '../helpers/test-fleet';

interface TestNode {
  drain: NodeDrain;
  occupancy: { rooms: number; peers: number };
  seq: number;
}

/** A fleet's placement on a real Redis, with nodes that are heartbeats and a drain; silence can be made up. */
export class PlacementFixture {
  readonly prefix: string;
  readonly redis: Redis;
  readonly #store: PlacementStore;
  readonly #nodes = new Map<string, TestNode>();

  constructor(server: RedisServer, password?: string) {
    this.prefix = server.randomPrefix();
    this.redis = server.client({ password });
    this.#store = new PlacementStore({ redis: this.redis, keyPrefix: this.prefix, random: Math.random });
  }

  get keys() {
    return redisKeys(this.prefix);
  }

  /** A heartbeat of the node, which reads and follows what it is told; with `occupancy` from then on. */
  async beat(nodeId: string, occupancy?: TestNode['occupancy']): Promise<void> {
    let node = this.#nodes.get(nodeId);
    if (!node) {
      const fresh = { rooms: 0, peers: 0 };
      node = {
        occupancy: fresh,
        seq: 0,
        drain: new NodeDrain({
          occupancy: () => this.#node(nodeId).occupancy,
          clock: systemClock,
          logger: pino({ level: 'silent' }),
        }),
      };
      this.#nodes.set(nodeId, node);
    }
    if (occupancy) node.occupancy = occupancy;
    const { drain } = node;
    const state = drain.state;
    node.seq += 1;
    const reply = await this.#store.heartbeat({
      nodeId,
      release: '0.1.0',
      linkAddress: '10.0.0.1:4443',
      state,
      drain: drain.report(),
      ready: true,
      cascades: true,
      capacity: TEST_CAPACITY,
      committed: { egressBps: 0, packetsPerSecond: 0 },
      measured: { egressBps: 1_000_000 * node.occupancy.peers, packetsPerSecond: 0 },
      load: {
        cpuLoad: 0,
        sysLoad: 0,
        rooms: node.occupancy.rooms,
        clients: node.occupancy.peers,
        tracks: 0,
        bytesPerSecond: 0,
      },
      seenClaims: [],
      rooms: [],
      endedRooms: [],
      full: node.seq === 1,
      heartbeatSeq: node.seq,
      acknowledgedSeq: node.seq - 1,
    });
    if (reply.drainCommand) drain.drain(reply.drainCommand);
    drain.placementAnswered({ state, rooms: node.occupancy.rooms }, reply.pendingClaims);
  }

  /** Enough heartbeats for every state that needs one. */
  async settleDrain(nodeId: string): Promise<void> {
    for (let beat = 0; beat < 4; beat += 1) await this.beat(nodeId);
  }

  stateOf(nodeId: string): string {
    return this.#node(nodeId).drain.state;
  }

  commandNode(nodeId: string, command: DrainCommand): void {
    this.#node(nodeId).drain.drain(command);
  }

  /** As if the present generation had begun long ago: nobody is about to list itself again. */
  async makeOld(): Promise<void> {
    await this.redis.set(this.keys.generation, String((Date.now() - 3_600_000) * 1_000));
  }

  /** As if the node's lease had ended `ms` ago. */
  async silence(nodeId: string, ms: number): Promise<void> {
    const endedAtMs = Date.now() - ms;
    const packed = await this.redis.hgetBuffer(this.keys.nodes, nodeId);
    if (!packed) throw new Error(`no node ${nodeId}`);
    packed.writeDoubleLE(endedAtMs, 0);
    await this.redis.hset(this.keys.nodes, nodeId, packed);
    await this.redis.zadd(this.keys.leases, endedAtMs, nodeId);
  }

  /** As if placement had removed the node's record `ms` ago. */
  async remove(nodeId: string, ms: number): Promise<void> {
    await this.#store.retire(nodeId);
    await this.redis.zadd(this.keys.removed, Date.now() - ms, nodeId);
  }

  async command(nodeId: string): Promise<(DrainCommand & { binding: boolean }) | undefined> {
    const text = await this.redis.hget(this.keys.drainCommands, nodeId);
    return text === null ? undefined : (JSON.parse(text) as DrainCommand & { binding: boolean });
  }

  async writeCommand(nodeId: string, command: DrainCommand): Promise<void> {
    await this.redis.hset(this.keys.drainCommands, nodeId, packDrainCommand(command));
  }

  async inventory(): Promise<GroupInventory | undefined> {
    const text = await this.redis.get(this.keys.groupInventory);
    return text === null ? undefined : (JSON.parse(text) as GroupInventory);
  }

  async writeInventory(inventory: Omit<GroupInventory, 'v' | 'atMs'>): Promise<void> {
    const record = { v: 1, atMs: Date.now(), ...inventory } satisfies GroupInventory;
    await this.redis.set(this.keys.groupInventory, JSON.stringify(record));
  }

  close(): void {
    this.redis.disconnect();
  }

  #node(nodeId: string): TestNode {
    const node = this.#nodes.get(nodeId);
    if (!node) throw new Error(`no node ${nodeId}`);
    return node;
  }
}
