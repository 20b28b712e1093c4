import type { NodeFacts } from '../../core/drain/decide-instance';
import {
  isBinding,
  packDrainCommand,
  unpackDrainCommand,
  type DrainCommand,
} from '../../core/drain/drain-command';
import { drainReportSchema, type DrainReport } from '../../core/drain/drain-report';
import type { GroupInventory } from '../../core/drain/group-inventory';
import { unpackNode } from '../../core/placement/packed-node';
import { redisKeys, type RedisKeys } from '../../core/redis-keys';
import type { StoreClient } from '../common/store-client';

/** What placement knows of the instances asked for. */
export interface StoreView {
  /** Redis time, milliseconds: leases are on it. */
  nowMs: number;
  /** See GroupFacts. */
  silenceIsProof: boolean;
  nodes: Map<string, NodeFacts>;
  commands: Map<string, DrainCommand>;
  removedAtMs: Map<string, number>;
}

/** So long after Redis came back (or lost writes) every live node has listed itself again, milliseconds. */
const SETTLED_AFTER_MS = 15_000;

/**
 * Input: KEYS[1] drain commands; ARGV node id, record, deadline, binding (0/1). Several invocations may command the
 * same node: whatever their order, what binds and then what is due first stays. Output: 1 when it was written.
 */
const WRITE_COMMAND = `
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old then
  local ok, known = pcall(cjson.decode, old)
  if ok and type(known) == 'table' and type(known.deadlineAtMs) == 'number' then
    local wasBinding, isBinding = known.binding == true, ARGV[4] == '1'
    if wasBinding and not isBinding then return 0 end
    if wasBinding == isBinding and known.deadlineAtMs <= tonumber(ARGV[3]) then return 0 end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1`;

/** Placement's records, as far as leaving nodes are concerned. Everything may be repeated. */
export class DrainStore {
  readonly #client: StoreClient;
  readonly #keys: RedisKeys;

  constructor(client: StoreClient, keyPrefix: string) {
    this.#client = client;
    this.#keys = redisKeys(keyPrefix);
  }

  /** One round trip. @throws what Redis throws */
  async read(instanceIds: readonly string[]): Promise<StoreView> {
    const keys = this.#keys;
    // A command needs at least one field; no node has this id.
    const ids = instanceIds.length > 0 ? instanceIds : [''];
    const [packed, infos, commands, removed, generation, lastLease, time] = await this.#client.use((redis) =>
      Promise.all([
        redis.hmgetBuffer(keys.nodes, ...ids),
        redis.hmget(keys.nodeInfo, ...ids),
        redis.hmget(keys.drainCommands, ...ids),
        redis.zmscore(keys.removed, ...ids),
        redis.get(keys.generation),
        redis.zrevrange(keys.leases, 0, 0, 'WITHSCORES'),
        redis.time(),
      ]),
    );
    const nowMs = Number(time[0]) * 1_000 + Math.floor(Number(time[1]) / 1_000);
    const settled = generation !== null && nowMs - Number(generation) / 1_000 >= SETTLED_AFTER_MS;
    const view: StoreView = {
      nowMs,
      silenceIsProof: settled && Number(lastLease[1] ?? 0) > nowMs,
      nodes: new Map(),
      commands: new Map(),
      removedAtMs: new Map(),
    };
    for (const [index, instanceId] of instanceIds.entries()) {
      const record = packed[index];
      if (record) view.nodes.set(instanceId, nodeFacts(record, infos[index] ?? null));
      const command = unpackDrainCommand(commands[index] ?? '');
      if (command) view.commands.set(instanceId, command);
      const removedAtMs = removed[index];
      if (removedAtMs !== null && removedAtMs !== undefined) {
        view.removedAtMs.set(instanceId, Number(removedAtMs));
      }
    }
    return view;
  }

  /** The node reads it with its next heartbeat. */
  async writeCommand(instanceId: string, command: DrainCommand): Promise<void> {
    await this.#client.use((redis) =>
      redis.eval(
        WRITE_COMMAND,
        1,
        this.#keys.drainCommands,
        instanceId,
        packDrainCommand(command),
        String(command.deadlineAtMs),
        isBinding(command.reason) ? '1' : '0',
      ),
    );
  }

  async forgetCommand(instanceId: string): Promise<void> {
    await this.#client.use((redis) => redis.hdel(this.#keys.drainCommands, instanceId));
  }

  async writeInventory(inventory: GroupInventory): Promise<void> {
    await this.#client.use((redis) => redis.set(this.#keys.groupInventory, JSON.stringify(inventory)));
  }
}

function nodeFacts(packed: Buffer, info: string | null): NodeFacts {
  const { state, leaseExpiresAtMs, load } = unpackNode(packed);
  return { state, leaseExpiresAtMs, rooms: load.rooms, peers: load.clients, drain: readReport(info) };
}

function readReport(info: string | null): DrainReport | undefined {
  try {
    const raw = JSON.parse(info ?? 'null') as { drain?: unknown } | null;
    const parsed = drainReportSchema.safeParse(raw?.drain);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
