import { pino } from 'pino';
import type { Redis } from 'ioredis';
import type { Presence } from '../../core/protocol/region-link';
import { redisKeys } from '../../core/redis-keys';
import { directoryOrder } from '../../core/regions/directory-order';
import { RegionDirectory } from '../../node-app/regions/region-directory';
import { systemClock } from '../../node-app/system-clock';
import { eventually } from '../helpers/eventually';
import { RedisServer } from '../helpers/redis-server';

const REGIONS = ['ap', 'eu', 'us'];
const ROOM = 'room';

let server: RedisServer;
let redis: Redis;
let prefix: string;
let directory: RegionDirectory;
let seq = 0;

beforeAll(async () => {
  server = await RedisServer.start();
  redis = server.client();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

beforeEach(() => {
  prefix = server.randomPrefix();
  directory = new RegionDirectory({
    regions: REGIONS,
    redis,
    keyPrefix: prefix,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
  });
});

afterEach(() => directory.close());

/** What a region's home says, and `region node` of the root that it hears of; undefined when it was not taken. */
async function say(
  region: string,
  about: Partial<Presence['held'][number]> & { seq?: number; node?: string } = {},
) {
  seq += 1;
  const { seq: given = seq, node = `${region}-a`, ...room } = about;
  const held = [{ roomId: ROOM, epoch: 1, rootForMs: 0, ...room }];
  const { roots } = await directory.register(node, { region, seq: given, held, left: [] });
  const [root] = roots;
  return root && `${root.region} ${root.nodeId}`;
}

async function leave(region: string, epoch = 1, node = `${region}-a`): Promise<void> {
  seq += 1;
  await directory.register(node, { region, seq, held: [], left: [{ roomId: ROOM, epoch }] });
}

async function stored(): Promise<string[]> {
  const { presences, presenceLeases } = redisKeys(prefix);
  return [...(await redis.hkeys(presences)), ...(await redis.zrange(presenceLeases, 0, '-1'))];
}

test('the region that came first is the root of the room, for as long as it speaks', async () => {
  expect(await say('us')).toBe('us us-a');
  expect(await say('eu')).toBe('us us-a');
  expect(await say('ap')).toBe('us us-a');
  await leave('us');
  expect(await say('ap')).toBe('eu eu-a');
  // Who comes back begins at the end.
  expect(await say('us')).toBe('eu eu-a');
});

test('a region that falls silent is no root any more when its lease is over', async () => {
  await say('us');
  const startedMs = Date.now();
  let root: string | undefined;
  await eventually(async () => (root = await say('eu')) === 'eu eu-a' || undefined, { intervalMs: 200 });
  expect(root).toBe('eu eu-a');
  expect(Date.now() - startedMs).toBeGreaterThan(2_700);
  expect(Date.now() - startedMs).toBeLessThan(6_000);
});

test('of regions that came in the same microsecond, the first in the order of the room is the root', async () => {
  const [first] = directoryOrder(ROOM, REGIONS);
  for (const region of REGIONS) {
    await say(region);
    await redis.hset(redisKeys(prefix).presences, `${ROOM}\0${region}`, `1 1 1000 ${region}-a`);
  }
  for (const region of REGIONS) expect(await say(region)).toBe(`${first} ${first}-a`);
});

test('a region that was the root in another directory stays it', async () => {
  await say('eu');
  expect(await say('us', { rootForMs: 60_000 })).toBe('us us-a');
  expect(await say('eu')).toBe('us us-a');
  expect(await say('ap', { rootForMs: 30_000 })).toBe('us us-a');
  // It is counted once, when the region comes.
  expect(await say('ap', { rootForMs: 600_000 })).toBe('us us-a');
});

test('messages that are replayed or come late change nothing', async () => {
  await say('us');
  await say('us', { seq: 1_000 });
  const before = await redis.hgetall(redisKeys(prefix).presences);
  expect(await say('us', { seq: 1_000 })).toBeUndefined();
  expect(await say('us', { seq: 999 })).toBeUndefined();
  expect(await say('us', { seq: 2_000, epoch: 0 })).toBeUndefined();
  expect(await redis.hgetall(redisKeys(prefix).presences)).toEqual(before);
  seq = 3_000;
  await leave('us');
  expect(await say('us', { seq: 1_001 })).toBeUndefined();
  expect(await say('eu')).toBe('eu eu-a');
});

test("a home that takes over in its region speaks for it, and the one before it doesn't any more", async () => {
  await say('us', { epoch: 5 });
  await say('eu');
  expect(await say('us', { epoch: 7, node: 'us-b' })).toBe('us us-b');
  expect(await say('eu')).toBe('us us-b');
  expect(await say('us', { epoch: 5, node: 'us-a' })).toBeUndefined();
  await leave('us', 5);
  expect(await say('eu')).toBe('us us-b');
});

test('of each room, and of as many as one message holds', async () => {
  const held = Array.from({ length: 200 }, (_, index) => ({
    roomId: `room ${index}`,
    epoch: 1,
    rootForMs: 0,
  }));
  const { roots } = await directory.register('us-a', { region: 'us', seq: 1, held, left: [] });
  expect(roots).toHaveLength(200);
  expect(new Set(roots.map(({ region }) => region))).toEqual(new Set(['us']));
  expect(await stored()).toHaveLength(400);
});

test('nothing is left of regions that left or fell silent, though nobody speaks any more', async () => {
  await say('us');
  await say('eu');
  await leave('us');
  expect(await stored()).toHaveLength(4);
  await eventually(async () => (await stored()).length === 0, { timeoutMs: 25_000, intervalMs: 500 });
});

test('what is no message of a region of the fleet is refused', async () => {
  await expect(directory.answer('us-a', { region: 'us' })).rejects.toMatchObject({
    code: 'FLEET_ERR_BAD_REQUEST',
  });
  const mars = { region: 'mars', seq: 1, held: [], left: [] };
  await expect(directory.answer('us-a', mars)).rejects.toMatchObject({ code: 'FLEET_ERR_CONFIG' });
});

test('without its Redis a directory says so', async () => {
  const gone = server.client();
  gone.disconnect();
  const without = new RegionDirectory({
    regions: REGIONS,
    redis: gone,
    keyPrefix: prefix,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
  });
  await expect(without.register('us-a', { region: 'us', seq: 1, held: [], left: [] })).rejects.toMatchObject({
    code: 'FLEET_ERR_PLACEMENT_UNAVAILABLE',
  });
  without.close();
});
