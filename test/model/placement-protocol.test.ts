import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { defaultCommandsFolder } from '../../node-app/placement/script-loader';
import { RedisServer } from '../helpers/redis-server';
import { explore, type Exploration } from './explore';
import { PlacementModel, type PlacementBounds } from './placement-model';

const QUIET: PlacementBounds = {
  ticks: 0,
  joins: 0,
  leaves: 0,
  crashes: 0,
  restarts: 0,
  cuts: 0,
  lostAnswers: 0,
  lostArrivals: 0,
  wipes: 0,
  losses: 0,
  drains: 0,
  undrains: 0,
};

let server: RedisServer;
let redis: Redis;
const folders: string[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
  redis = server.client();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

async function check(bounds: Partial<PlacementBounds>, commandsFolder?: string): Promise<Exploration> {
  const prefix = `sim-${server.randomPrefix()}`;
  const model = await PlacementModel.begin(redis, prefix, { ...QUIET, ...bounds }, commandsFolder);
  return explore(model, { maxStates: 200_000 });
}

/** The scripts with a mistake in one of them. */
async function withMistake(file: string, right: string, wrong: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-commands-'));
  folders.push(folder);
  await cp(defaultCommandsFolder(), folder, { recursive: true });
  const source = await readFile(join(folder, file), 'utf8');
  expect(source.split(right)).toHaveLength(2);
  await writeFile(join(folder, file), source.replace(right, wrong));
  return folder;
}

describe('a room has one home that all its nodes know of, and nothing is left of what has passed', () => {
  test.each<[string, Partial<PlacementBounds>, number]>([
    ['while peers come and go', { joins: 2, leaves: 2 }, 500],
    ['while a node dies and begins anew', { joins: 2, crashes: 1, restarts: 1, ticks: 1 }, 500],
    ['while a node is cut off', { joins: 2, cuts: 1, ticks: 2 }, 500],
    ['while answers and gateways are lost', { joins: 2, leaves: 1, lostAnswers: 1, lostArrivals: 1 }, 500],
    ['while Redis forgets everything', { joins: 1, leaves: 1, wipes: 1, ticks: 1 }, 500],
    ['while Redis loses its last writes', { joins: 1, leaves: 1, losses: 1, ticks: 1 }, 300],
    ['while a node drains, and somebody comes', { joins: 1, drains: 1 }, 100],
    ['while a drain is cancelled, and somebody goes', { leaves: 1, drains: 1, undrains: 1 }, 100],
    ['while both drain, and one begins anew', { drains: 2, restarts: 1 }, 500],
    ['while a node drains and dies', { drains: 1, crashes: 1, lostAnswers: 1 }, 100],
    ['while a node drains and is cut off', { drains: 1, cuts: 1, ticks: 1 }, 100],
    ['while a node drains and Redis forgets everything', { drains: 1, wipes: 1 }, 100],
  ])('%s', async (_, bounds, fewestStates) => {
    const { counterexample, states, transitions, depth } = await check(bounds);
    if (process.env['FLEET_MODEL'] !== undefined) console.info({ bounds, states, transitions, depth });
    expect(counterexample).toBeUndefined();
    expect(states).toBeGreaterThan(fewestStates);
  });
});

describe('the check finds', () => {
  test.each<[string, Partial<PlacementBounds>, [file: string, right: string, wrong: string]]>([
    [
      'a home that comes back and takes its room with an older epoch',
      { joins: 1, cuts: 1, ticks: 2 },
      [
        'includes/assert-room.lua',
        'if named ~= home and (epoch > recordedEpoch',
        'if named ~= home and (epoch > 0',
      ],
    ],
    [
      'a room that is made anew while its node has not had time to tell of it',
      { joins: 1, wipes: 1 },
      [
        'includes/home-lost.lua',
        'return math.max(0, math.ceil(generationUs / 1000 + LEASE_TTL - now))',
        'return 0',
      ],
    ],
    [
      'a process that begins anew and is still taken for having its room',
      { crashes: 1, restarts: 1 },
      ['heartbeat-18.lua', 'if full == 1 then\n  for', 'if full == 2 then\n  for'],
    ],
    [
      'claims that never end',
      { joins: 1, lostArrivals: 1 },
      [
        'heartbeat-18.lua',
        'if seen[claim.seq] or now - claim.at >= CLAIM_TTL then',
        'if seen[claim.seq] then',
      ],
    ],
    [
      'a move to where it is to lead away from',
      { leaves: 1, drains: 2 },
      ['includes/place-among.lua', 'if member.id == avoided or (onlyTo', 'if (onlyTo'],
    ],
    [
      'a choice of the node that has just died',
      { joins: 1, crashes: 1 },
      ['placePeer-16.lua', 'if evidence > 0 then excluded', 'if evidence > 2 then excluded'],
    ],
  ])('%s', async (_, bounds, mistake) => {
    const { counterexample } = await check(bounds, await withMistake(...mistake));
    if (process.env['FLEET_MODEL'] !== undefined) console.info(counterexample);
    expect(counterexample).toContain('VIOLATED');
  });
});

if (process.env['FLEET_MODEL'] === 'wide') {
  describe('with wide bounds', () => {
    test.each<Partial<PlacementBounds>>([
      { joins: 2, leaves: 1, crashes: 1, restarts: 1, ticks: 1 },
      { joins: 2, cuts: 2, ticks: 3 },
      { joins: 2, leaves: 1, wipes: 1, ticks: 1 },
      { joins: 2, leaves: 2, losses: 1, lostAnswers: 1, ticks: 1 },
    ])(
      '%j',
      async (bounds) => {
        expect((await check(bounds)).counterexample).toBeUndefined();
      },
      1_200_000,
    );
  });
}
