/**
 * Every Redis key of the fleet, with its shape. All share the hash tag `{<prefix>}`, so that they lie in one
 * slot and the scripts run on cluster mode and serverless too; no script touches a key that it was not given.
 *
 * Packed records are little-endian doubles; their layout stands in `core/placement/commands/includes`.
 */
export interface RedisKeys {
  /** HASH node id → packed node record (lease, state, capacity, load, pending claims) + link address. */
  nodes: string;
  /** HASH room id → packed room record (epoch, the home's reservation and counts) + node ids, home first, joined by `\n`. */
  rooms: string;
  /** ZSET, all scores 0: one member per claim that its node has not confirmed, `<node id>\0<seq><claim><room id>`. */
  claims: string;
  /** ZSET node id → when its lease ends, milliseconds since 1970, Redis time. */
  leases: string;
  /** ZSET, all scores 0: `<node id>\0<room id>` for each room of the node, to find them when the node goes. */
  roomIndex: string;
  /** HASH `<node id>\0<room id>` → what a further node holds of the room, packed like a room's record. */
  parts: string;
  /** STRING when the present generation began, microseconds since 1970, Redis time. */
  generation: string;
  /** STREAM, capped: placement events, see `core/placement/placement-event.ts`. */
  events: string;
  /**
   * One ZSET per sort key: node id → value, only of nodes that take new rooms. `headroom` is what is left in
   * bits per second (of the dimension that binds), the others are loads.
   */
  sortKeys: {
    headroom: string;
    rooms: string;
    cpuload: string;
    sysload: string;
    clients: string;
    tracks: string;
    bytespersec: string;
  };
  /** HASH node id → JSON of what only people read: release, committed, measured. */
  nodeInfo: string;
  /** ZSET node id → when it was removed, milliseconds: tells a returning node from lost writes. Capped. */
  removed: string;
  /** HASH node id → JSON drain command for that node, see `core/drain/drain-command.ts`; read with each heartbeat. */
  drainCommands: string;
  /** STRING JSON: the Auto Scaling Group as the last sweep saw it, see `core/drain/group-inventory.ts`. */
  groupInventory: string;
  /** ZSET `<room id>\0<region>` → when that region's lease on the room ends, milliseconds, Redis time. */
  presenceLeases: string;
  /** HASH `<room id>\0<region>` → epoch, sequence number, since when, and home node, see `registerPresence-2.lua`. */
  presences: string;
  /** STRING, expires after 30 days unused: learned size of rooms of this name pattern. */
  prior(pattern: string): string;
}

/** @throws RangeError when `prefix` could break out of the hash tag */
export function redisKeys(prefix: string): RedisKeys {
  if (!/^[\w.:-]{1,128}$/.test(prefix)) throw new RangeError(`not a key prefix: ${JSON.stringify(prefix)}`);
  const tag = `{${prefix}}:`;
  return {
    nodes: `${tag}nodes`,
    rooms: `${tag}rooms`,
    claims: `${tag}claims`,
    leases: `${tag}leases`,
    roomIndex: `${tag}room-index`,
    parts: `${tag}room-parts`,
    generation: `${tag}generation`,
    events: `${tag}events`,
    sortKeys: {
      headroom: `${tag}by:headroom`,
      rooms: `${tag}by:rooms`,
      cpuload: `${tag}by:cpuload`,
      sysload: `${tag}by:sysload`,
      clients: `${tag}by:clients`,
      tracks: `${tag}by:tracks`,
      bytespersec: `${tag}by:bytespersec`,
    },
    nodeInfo: `${tag}node-info`,
    removed: `${tag}removed`,
    drainCommands: `${tag}drain-commands`,
    groupInventory: `${tag}group-inventory`,
    presenceLeases: `${tag}presence-leases`,
    presences: `${tag}presences`,
    prior: (pattern) => `${tag}prior:${pattern}`,
  };
}

/** The keys that every placement script gets first, in the order of `includes/keys.lua`. */
export function commonScriptKeys(keys: RedisKeys): string[] {
  return [
    keys.nodes,
    keys.rooms,
    keys.claims,
    keys.leases,
    keys.roomIndex,
    keys.generation,
    keys.events,
    keys.sortKeys.headroom,
    keys.sortKeys.rooms,
    keys.sortKeys.cpuload,
    keys.sortKeys.sysload,
    keys.sortKeys.clients,
    keys.sortKeys.tracks,
    keys.sortKeys.bytespersec,
    keys.parts,
  ];
}
