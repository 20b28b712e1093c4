import type { EmptyingCost } from '../../core/drain/choose-terminations';
import { readInventory, type GroupInventory } from '../../core/drain/group-inventory';
import { unpackNode } from '../../core/placement/packed-node';
import { redisKeys, type RedisKeys } from '../../core/redis-keys';
import type { StoreClient } from '../common/store-client';

/** What it costs to end each instance, as far as placement knows. */
export interface CostView {
  /** Of the instances that carry somebody, or could. The others carry nobody. */
  costs: Map<string, EmptyingCost>;
  /** On their way out already. */
  leaving: Set<string>;
  inventory: GroupInventory | undefined;
}

/** Placement's numbers for the termination policy: two round trips. */
export class CostStore {
  readonly #client: StoreClient;
  readonly #keys: RedisKeys;

  constructor(client: StoreClient, keyPrefix: string) {
    this.#client = client;
    this.#keys = redisKeys(keyPrefix);
  }

  /**
   * Undefined while no node holds a live lease: Redis has just come back, or nobody reaches it, and silence means
   * nothing. @throws what Redis throws
   */
  async read(suggestedIds: readonly string[]): Promise<CostView | undefined> {
    const keys = this.#keys;
    return this.#client.use(async (redis) => {
      const [inventoryText, lastLease, time] = await Promise.all([
        redis.get(keys.groupInventory),
        redis.zrevrange(keys.leases, 0, 0, 'WITHSCORES'),
        redis.time(),
      ]);
      const nowMs = Number(time[0]) * 1_000 + Math.floor(Number(time[1]) / 1_000);
      if (!(Number(lastLease[1] ?? 0) > nowMs)) return undefined;
      const inventory = readInventory(inventoryText, nowMs);
      const known = inventory?.instances.map(({ instanceId }) => instanceId) ?? [];
      const ids = [...new Set([...suggestedIds, ...known])];
      const view: CostView = { costs: new Map(), leaving: new Set(), inventory };
      if (ids.length === 0) return view;
      const [packed, commands] = await Promise.all([
        redis.hmgetBuffer(keys.nodes, ...ids),
        redis.hmget(keys.drainCommands, ...ids),
      ]);
      for (const [index, instanceId] of ids.entries()) {
        const record = packed[index];
        const node = record ? unpackNode(record) : undefined;
        if (node && node.leaseExpiresAtMs > nowMs) {
          view.costs.set(instanceId, {
            peers: node.load.clients,
            rooms: node.load.rooms,
            egressBps: node.used.egressBps,
          });
        }
        if (isBindingRecord(commands[index] ?? null)) view.leaving.add(instanceId);
      }
      return view;
    });
  }
}

/** See core/drain/drain-command.ts, whose schema would cost a cold start too much. */
function isBindingRecord(record: string | null): boolean {
  try {
    return (JSON.parse(record ?? 'null') as { binding?: unknown } | null)?.binding === true;
  } catch {
    return false;
  }
}
