import { join } from 'node:path';
import type { ConsoleState } from '../../core/protocol/console';
import { createRunner } from '../../local/fleet-runner/create-runner';
import type { FleetRunner } from '../../local/fleet-runner/fleet-runner';
import { describeConsoleSource } from '../helpers/console-source-suite';
import { eventually } from '../helpers/eventually';

const SPEED = 10;

async function startFleet(): Promise<FleetRunner> {
  const runner = createRunner({
    fleet: {
      configFile: join(__dirname, '..', '..', 'fleet.config.ts'),
      nodes: 2,
      speed: SPEED,
      port: 0,
      consolePort: 0,
      auth: 'open',
      workers: 1,
      restart: true,
    },
    env: { PATH: process.env.PATH },
    output: { emit: () => undefined },
    startCommand: String,
  });
  await runner.start();
  return runner;
}

describeConsoleSource('the console of a fleet on this machine', async () => {
  const runner = await startFleet();
  return {
    source: runner.consoleSource,
    until: (met) => eventually(met).then(() => undefined),
    close: () => runner.close(),
  };
});

describe('what only a fleet on this machine can show and do', () => {
  let runner: FleetRunner;
  beforeAll(async () => {
    runner = await startFleet();
  });
  afterAll(() => runner.close());

  const state = (): Promise<ConsoleState> => runner.consoleSource.state();
  const until = (met: (now: ConsoleState) => boolean): Promise<boolean> =>
    eventually(async () => met(await state()));

  test('nodes stand with their instances, and the alarms that scale them come first', async () => {
    const { nodes, alarms = [], pool, controls, speed, region } = await state();
    expect(nodes.map(({ instance }) => instance)).toEqual([
      expect.objectContaining({ lifecycleState: 'InService', type: 'c7gn.large', zone: 'eu-central-1a' }),
      expect.objectContaining({ lifecycleState: 'InService', type: 'c7gn.large', zone: 'eu-central-1b' }),
    ]);
    expect(alarms.slice(0, 3).map(({ name }) => name)).toEqual([
      'fleet-nodes-busy',
      'fleet-nodes-idle',
      'fleet-nodes-no-capacity',
    ]);
    expect(alarms[0]?.actions[0]).toContain('ScaleOutPolicy');
    expect(pool).toMatchObject({ desired: 2, inService: 2, min: 2, max: 20, scaleOutUtilization: 0.65 });
    expect({ speed, region }).toEqual({ speed: SPEED, region: 'eu-central-1' });
    expect(controls).toContain('cut-redis');
  });

  test('a killed node is started again', async () => {
    const [{ nodeId } = { nodeId: '' }] = (await state()).nodes;
    await runner.consoleSource.control({ name: 'kill-node', payload: { nodeId } });
    const said = runner.consoleSource.events(0).map(({ text }) => text);
    expect(said).toContain(`Console: kill-node ${nodeId}`);
    await until(({ nodes }) => nodes.every(({ alive, ready }) => alive && ready));
  });

  test('load comes and goes', async () => {
    await runner.consoleSource.control({
      name: 'add-load',
      payload: { rooms: 1, peersPerRoom: 2, bitrateBps: 100_000 },
    });
    await until(({ load, rooms }) => load?.peers === 2 && rooms.list[0]?.peers === 2);
    await runner.consoleSource.control({ name: 'remove-load', payload: {} });
    await until(({ load, rooms }) => load?.peers === 0 && rooms.total === 0);
  });

  test('Redis is cut and restored, and the console shows both', async () => {
    await runner.consoleSource.control({ name: 'cut-redis', payload: {} });
    expect(await state()).toMatchObject({ redis: 'cut', pool: { inService: 2 } });
    await runner.consoleSource.control({ name: 'restore-redis', payload: {} });
    await until(({ redis, nodes }) => redis === 'reachable' && nodes.every(({ alive }) => alive));
  });

  test('more nodes than the group may have are refused with the reason', async () => {
    await expect(
      runner.consoleSource.control({ name: 'set-desired-capacity', payload: { desired: 900 } }),
    ).rejects.toMatchObject({
      code: 'FLEET_ERR_BAD_REQUEST',
      message: expect.stringContaining('max') as string,
    });
  });
});
