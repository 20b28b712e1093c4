import type { Command } from 'ioredis';
import { RedisServer } from '../helpers/redis-server';
import {
  median,
  runRounds,
  seededRandom,
  type Benchmark,
  type BenchmarkOptions,
  type Sample,
} from './harness';
import { BenchFleet } from './placement-fleet';
import { measureHerd } from './placement-herd';

const NODES = 200;
/** Peers per room: one creates it, the others find it. */
const ROOM_SIZE = 5;
const WARM_JOINS = 500;
const TIMED_JOINS = 3_000;
const ROLE = { publishes: true, subscribes: true };

export const bench: Benchmark = {
  name: 'placement',
  description: 'joins on a real Redis with 200 nodes: round trips, latency, script time, herding',
  defaultRounds: 5,
  async run(options: BenchmarkOptions): Promise<Sample[][]> {
    const server = await RedisServer.start({ tcp: true });
    try {
      return await runRounds(options, (index) => measureRound(server, index));
    } finally {
      await server.stop();
    }
  },
};

async function measureRound(server: RedisServer, index: number): Promise<Sample[]> {
  const random = seededRandom(index + 1);
  const onFleet = async (measure: (fleet: BenchFleet) => Promise<Sample[]>): Promise<Sample[]> => {
    const fleet = new BenchFleet({ server, nodes: NODES, random });
    try {
      await fleet.begin();
      return await measure(fleet);
    } finally {
      await fleet.close();
    }
  };
  // Each on a fleet of its own: nobody confirms the claims of the series before.
  return [
    ...(await onFleet(measureRoundTrips)),
    ...(await onFleet(measureLatency)),
    ...(await onFleet(measureScripts)),
    ...(await measureHerd(server, random)),
  ];
}

/** Counted where they are made: the commands that the client sends. */
async function measureRoundTrips(fleet: BenchFleet): Promise<Sample[]> {
  await fleet.store.placePeer({ roomId: 'scripts-are-loaded', role: ROLE });
  let sent = 0;
  const sendCommand = fleet.redis.sendCommand.bind(fleet.redis);
  fleet.redis.sendCommand = (command: Command, ...rest) => {
    sent += 1;
    return sendCommand(command, ...rest);
  };
  const count = async (): Promise<number> => {
    sent = 0;
    await fleet.store.placePeer({ roomId: 'round-trips', role: ROLE });
    return sent;
  };
  const created = await count();
  const existing = await count();
  fleet.redis.sendCommand = sendCommand;
  return [
    { name: 'round_trips_new_room', unit: 'round trips', value: created, bound: '= 1' },
    { name: 'round_trips_existing_room', unit: 'round trips', value: existing, bound: '= 1' },
  ];
}

/**
 * One client, one command at a time, rooms of five people. In turns a GET, a join, and what any script with as many
 * keys costs that does nothing, so that one sees how much of a join is the way there and back.
 */
async function measureLatency(fleet: BenchFleet): Promise<Sample[]> {
  const key = `{${fleet.prefix}}:bench`;
  await fleet.redis.set(key, 'x'.repeat(100));
  const nothing = String(await fleet.redis.script('LOAD', 'return 1'));
  const keys = Array.from({ length: 15 }, (_, i) => `{${fleet.prefix}}:bench-${i}`);
  const times = { get: [] as number[], join: [] as number[], created: [] as number[], empty: [] as number[] };
  for (let i = 0; i < WARM_JOINS + TIMED_JOINS; i += 1) {
    if (i % 1_000 === 0) await fleet.beatAll();
    const start = process.hrtime.bigint();
    await fleet.redis.get(key);
    const middle = process.hrtime.bigint();
    const placement = await fleet.store.placePeer({
      roomId: `latency-${Math.floor(i / ROOM_SIZE)}`,
      role: ROLE,
      expectedPeers: ROOM_SIZE,
    });
    const end = process.hrtime.bigint();
    await fleet.redis.evalsha(nothing, keys.length, ...keys, placement.roomId, '');
    const afterEmpty = process.hrtime.bigint();
    if (i < WARM_JOINS) continue;
    times.empty.push(Number(afterEmpty - end) / 1_000);
    times.get.push(Number(middle - start) / 1_000);
    times.join.push(Number(end - middle) / 1_000);
    if (placement.created) times.created.push(Number(end - middle) / 1_000);
  }
  const get = median(times.get);
  return [
    { name: 'p50_over_get', unit: 'ratio', value: median(times.join) / get, bound: '<= 1.5' },
    { name: 'p50_get', unit: 'us', value: get },
    { name: 'p50_empty_script', unit: 'us', value: median(times.empty) },
    { name: 'p50_join', unit: 'us', value: median(times.join) },
    { name: 'p50_new_room', unit: 'us', value: median(times.created) },
  ];
}

/** Redis' own clock: time inside EVALSHA per call, one join at a time, so that each meets cold caches. */
async function measureScripts(fleet: BenchFleet): Promise<Sample[]> {
  const rooms = 1_000;
  const usecPerCall = async (join: (i: number) => Promise<unknown>, calls: number): Promise<number> => {
    await fleet.beatAll();
    await fleet.redis.config('RESETSTAT');
    for (let i = 0; i < calls; i += 1) await join(i);
    const stats = await fleet.redis.info('commandstats');
    return Number(/cmdstat_evalsha:.*usec_per_call=([\d.]+)/.exec(stats)?.[1]);
  };
  const join = (i: number) =>
    fleet.store.placePeer({ roomId: `script-${i}`, role: ROLE, expectedPeers: ROOM_SIZE });
  const created = await usecPerCall(join, rooms);
  const existing = await usecPerCall((i) => join(i % rooms), rooms * (ROOM_SIZE - 1));
  // The same rooms beyond their expected size: each join reserves more.
  const growing = await usecPerCall(join, rooms);
  return [
    { name: 'script_usec_new', unit: 'us', value: created, bound: '<= 40' },
    { name: 'script_usec_existing', unit: 'us', value: existing, bound: '<= 25' },
    { name: 'script_usec_growing', unit: 'us', value: growing },
  ];
}
