import type { Redis } from 'ioredis';
import type { RedisKeys } from '../../core/redis-keys';

/** What placement has in Redis of a fleet, in an order of its own: equal contents are equal texts. */
export interface PlacementRecords {
  /** Field and value, hexadecimal. */
  hashes: Record<'nodes' | 'rooms' | 'parts', [string, string][]>;
  /** Member, hexadecimal, and score. */
  sets: Record<'claims' | 'leases' | 'roomIndex' | 'removed' | 'headroom', [string, string][]>;
  generation: string | null;
}

export const NO_RECORDS: PlacementRecords = {
  hashes: { nodes: [], rooms: [], parts: [] },
  sets: { claims: [], leases: [], roomIndex: [], removed: [], headroom: [] },
  generation: null,
};

/** Puts such contents into Redis and takes them out. What nobody's decision depends on is left out: events, other sort keys. */
export class RecordsInRedis {
  readonly #hashes: Record<keyof PlacementRecords['hashes'], string>;
  readonly #sets: Record<keyof PlacementRecords['sets'], string>;
  readonly #all: string[];

  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
  ) {
    const {
      nodes,
      rooms,
      parts,
      claims,
      leases,
      roomIndex,
      removed,
      sortKeys,
      generation,
      nodeInfo,
      events,
    } = keys;
    this.#hashes = { nodes, rooms, parts };
    this.#sets = { claims, leases, roomIndex, removed, headroom: sortKeys.headroom };
    this.#all = [
      ...Object.values(this.#hashes),
      ...Object.values(this.#sets),
      ...Object.values(sortKeys),
      generation,
      nodeInfo,
      events,
    ];
  }

  /** Not awaited, so that what follows goes over in the same packet; Redis keeps the order. */
  put({ hashes, sets, generation }: PlacementRecords): Promise<unknown> {
    const pipeline = this.redis.pipeline().del(this.#all);
    for (const [name, key] of entriesOf(this.#hashes)) {
      for (const [field, value] of hashes[name]) {
        pipeline.hset(key, Buffer.from(field, 'hex'), Buffer.from(value, 'hex'));
      }
    }
    for (const [name, key] of entriesOf(this.#sets)) {
      for (const [member, score] of sets[name]) pipeline.zadd(key, score, Buffer.from(member, 'hex'));
    }
    if (generation !== null) pipeline.set(this.keys.generation, generation);
    return pipeline.exec();
  }

  async take(): Promise<PlacementRecords> {
    const { redis } = this;
    const hash = async (key: string) => inPairs((await redis.callBuffer('HGETALL', key)) as Buffer[], 'hex');
    const set = async (key: string) =>
      inPairs(await redis.zrangeBuffer(key, '0', '-1', 'WITHSCORES'), 'utf8');
    const [[nodes, rooms, parts], [claims, leases, roomIndex, removed, headroom], generation] =
      await Promise.all([
        Promise.all([hash(this.#hashes.nodes), hash(this.#hashes.rooms), hash(this.#hashes.parts)]),
        Promise.all([
          set(this.#sets.claims),
          set(this.#sets.leases),
          set(this.#sets.roomIndex),
          set(this.#sets.removed),
          set(this.#sets.headroom),
        ]),
        redis.get(this.keys.generation),
      ]);
    return {
      hashes: { nodes, rooms, parts },
      sets: { claims, leases, roomIndex, removed, headroom },
      generation,
    };
  }
}

function entriesOf<K extends string>(record: Record<K, string>): [K, string][] {
  return Object.entries(record) as [K, string][];
}

function inPairs(flat: readonly Buffer[], valueAs: 'hex' | 'utf8'): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    pairs.push([flat[i]?.toString('hex') ?? '', flat[i + 1]?.toString(valueAs) ?? '']);
  }
  return pairs.sort(([a], [b]) => (a < b ? -1 : 1));
}
