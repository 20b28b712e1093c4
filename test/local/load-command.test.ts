import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadReport } from '../../local/load/load-report';
import { eventually } from '../helpers/eventually';
import { FleetCommand } from '../helpers/fleet-command';
import { RunningFleet } from '../helpers/fleet-up';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-load-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test.each([
  [['--url', 'localhost:3000'], 'It must be a URL such as http://localhost:3000 or wss://sfu.example.com.'],
  [['--rooms', '0'], 'It must be a whole number from 1 to 10000.'],
  [['--size', '3', '--publishers', '4'], 'fleet: --publishers can not be more than --size'],
  [['--rooms', '10000', '--size', '1000'], 'fleet: --rooms × --size can be at most 20000 peers'],
  [['--bitrate', 'fast'], 'It must be bits per second such as 600k or 1.5M, from 20k to 20M, or 0.'],
  [['--bitrate', '1G'], 'It must be bits per second such as 600k or 1.5M, from 20k to 20M, or 0.'],
  [['--bitrate', '0', '--no-audio'], 'fleet: publishers send neither audio nor video'],
  [['--layer', '1', '--no-simulcast'], 'fleet: --layer needs simulcast'],
  [['--duration', '10'], 'It must be a time such as 90s, 30m, 1h or 7d'],
  [['--ramp', '10s', '--join-rate', '5'], "option '--ramp <time>' cannot be used with option '--join-rate"],
  [['--token', 'x', '--key-file', 'y'], "option '--token <token>' cannot be used with option '--key-file"],
  [['--region', 'eu-central-1'], 'fleet: --region belongs to --secret-arn'],
  [['--room-prefix', 'a*'], 'It must be 1 to 200 characters without *.'],
  [['--processes', '0'], 'It must be a whole number from 1 to 128.'],
])('fleet load %j is one clear line and status 2', async (args, message) => {
  const { exit, stdout, stderr } = await FleetCommand.run(['load', ...args]);
  expect(stderr).toContain(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(exit.code).toBe(2);
});

test('a fleet that is not there, and a timeline that can not be written, end with one line', async () => {
  const nobody = await FleetCommand.run([
    'load',
    '--url',
    'http://127.0.0.1:9',
    '--duration',
    '3s',
    '--json',
  ]);
  expect(nobody.stderr).toMatch(/^fleet: nobody got in; the last attempt: .*ECONNREFUSED.*\n$/);
  expect(nobody.exit.code).toBe(1);
  const unwritable = await FleetCommand.run(['load', '--timeline', join(folder, 'no', 'file')]);
  expect(unwritable.stderr).toMatch(/^fleet: can not write the timeline .*ENOENT/);
  expect(unwritable.exit.code).toBe(1);
});

describe('with a fleet that wants tokens', () => {
  let fleet: RunningFleet;

  beforeAll(async () => {
    fleet = await RunningFleet.start(['--nodes', '1', '--auth', 'token']);
  });

  afterAll(async () => {
    await fleet.stop();
  });

  test('a run of some seconds gets in with the key, reports as JSON, and leaves no process', async () => {
    const timeline = join(folder, 'timeline');
    const command = await FleetCommand.run([
      'load',
      ...['--url', fleet.url, '--size', '2', '--duration', '12s', '--bitrate', '100k', '--json'],
      ...['--key-file', fleet.ready.keyFiles?.peers ?? '', '--timeline', timeline, '--processes', '2'],
    ]);
    expect(command.stderr).toBe('');
    expect(command.exit.code).toBe(0);
    const lines = command.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const { name, figures } = JSON.parse(lines[0] ?? '') as { name: string; figures: LoadReport };
    expect(name).toBe('load');
    expect(figures).toMatchObject({
      joins: { asked: 2, done: 2 },
      peers: { in: 2 },
      generator: { processes: 2 },
    });
    expect(figures.media.packets).toBeGreaterThan(0);
    const seconds = (await readFile(timeline, 'utf8')).trimEnd().split('\n');
    expect(seconds.length).toBeGreaterThan(2);
    expect(JSON.parse(seconds.at(-1) ?? '')).toMatchObject({ in: 2, asked: 2 });
    expect(await command.processes()).toEqual([]);
  });

  test('without a token everybody is refused for good, and says why', async () => {
    const { exit, stderr } = await FleetCommand.run([
      ...['load', '--url', fleet.url, '--size', '1', '--duration', '6s', '--json'],
    ]);
    expect(stderr).toMatch(/^fleet: nobody got in; the last attempt: .*token/);
    expect(exit.code).toBe(1);
  });

  test.each([
    ['Ctrl-C prints the report', 'SIGINT'],
    ['even a killed run leaves the rooms', 'SIGKILL'],
  ] as const)('%s, and no process stays', async (_, signal) => {
    const peers = (): number | undefined =>
      fleet.events.filter((event) => event.event === 'status').at(-1)?.peers;
    const keyFile = fleet.ready.keyFiles?.peers ?? '';
    const timeline = join(folder, signal);
    const command = FleetCommand.start([
      ...['load', '--url', fleet.url, '--size', '2', '--key-file', keyFile, '--timeline', timeline],
    ]);
    try {
      await eventually(async () => (await readFile(timeline, 'utf8')).includes('"in":2'));
      await eventually(() => peers() === 2);
      command.child.kill(signal);
      const exit = await command.exited;
      if (signal === 'SIGINT') {
        expect(exit.code).toBe(0);
        expect(command.stdout).toContain('2 of 2 done');
      }
      await eventually(() => peers() === 0);
      await eventually(async () => (await command.processes()).length === 0);
    } finally {
      await command.killAll();
    }
  });
});
