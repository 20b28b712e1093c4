import { join } from 'node:path';
import { findRedisServerBin, findWorkerBin } from '../../scripts/setup/parts.cjs';
import { buildFleet } from '../fleet-runner/build-fleet';
import type { FleetOptions } from '../fleet-runner/fleet-options';
import { FleetRunner } from '../fleet-runner/fleet-runner';
import { RunFolder } from '../fleet-runner/run-folder';
import type { RunnerEvent, RunnerOutput } from '../fleet-runner/runner-events';
import { systemClock } from '../fleet-runner/system-clock';
import { Watchdog } from '../fleet-runner/watchdog';
import { mergeOverrides } from './merge-overrides';
import { CAPACITY_MBPS, SHARED_OVERRIDES, type Scenario, type ScenarioResult } from './scenario';
import { StoryBroken } from './story-broken';
import { Stage, type StageOptions } from './stage';
import { Timeline } from './timeline';

export interface RunScenarioOptions {
  /** @default the scenario's own */
  speed?: number | undefined;
  env: NodeJS.ProcessEnv;
  /** The timeline, as it comes. */
  onLine: (line: string) => void;
  /** Resolves when somebody wants it to end. */
  ended: Promise<unknown>;
}

const CONFIG_FILE = join(__dirname, '..', '..', 'fleet.config.ts');

/**
 * Runs a fleet of its own, and plays the scenario on it. Everything that it starts has ended when it resolves.
 * @throws what kept the fleet from starting
 */
export async function runScenario(scenario: Scenario, options: RunScenarioOptions): Promise<ScenarioResult> {
  const speed = options.speed ?? scenario.speed;
  const fleet = fleetOptions(scenario, speed);
  const output = quietOutput(options.onLine);
  const redisServerBin = findRedisServerBin();
  const workerBin = findWorkerBin();
  const folder = RunFolder.create();
  const runner = new FleetRunner(fleet, {
    redisServerBin,
    workerBin,
    env: options.env,
    folder,
    watchdog: Watchdog.start(folder.path),
    clock: systemClock,
    output,
    build: () => buildFleet(output, fleet),
    startCommand: () => `npm run scenario -- ${scenario.name}`,
  });
  const interrupted = options.ended.then(() => {
    throw new StoryBroken('it was ended before its end');
  });
  interrupted.catch(() => undefined);
  try {
    await Promise.race([runner.start(), interrupted]);
    return await play(scenario, runner, {
      onLine: options.onLine,
      speed,
      failed: Promise.race([runner.failed, interrupted]),
      synthesize: async (overrides) => {
        const merged = mergeOverrides(fleet.overrides ?? {}, overrides);
        return (await buildFleet(output, { ...fleet, overrides: merged })).assemblyFolder;
      },
    });
  } finally {
    await runner.close();
  }
}

async function play(
  scenario: Scenario,
  runner: FleetRunner,
  options: Pick<StageOptions, 'speed' | 'failed' | 'synthesize'> & Pick<RunScenarioOptions, 'onLine'>,
): Promise<ScenarioResult> {
  const { onLine, ...forStage } = options;
  forStage.failed.catch(() => undefined);
  const { cloud } = runner;
  const timeline = new Timeline({ nowMs: () => cloud.clock.nowMs(), onLine });
  const stage = new Stage({ ...forStage, cloud, url: runner.url, clock: systemClock, timeline });
  try {
    await scenario.play(stage);
    await stage.end();
  } catch (error) {
    if (!(error instanceof StoryBroken)) throw error;
    stage.expect(false, error.message);
  } finally {
    stage.close();
  }
  const { problems, figures } = stage;
  return { name: scenario.name, passed: problems.length === 0, figures: [...figures], problems };
}

function fleetOptions({ nodes, overrides }: Scenario, speed: number): FleetOptions {
  return {
    configFile: CONFIG_FILE,
    overrides: mergeOverrides(SHARED_OVERRIDES, overrides ?? {}),
    capacityMbps: CAPACITY_MBPS,
    nodes,
    speed,
    consolePort: 0,
    port: 0,
    auth: 'open',
    workers: 1,
    restart: true,
  };
}

/** What the timeline does not tell by itself. */
function quietOutput(onLine: (line: string) => void): RunnerOutput {
  return {
    emit(event: RunnerEvent): void {
      if (event.event === 'building') onLine('building the deployment, once …');
      if (event.event === 'warning') onLine(`warning: ${event.message}`);
      if (event.event === 'node-died') onLine(`node ${event.nodeId} died: ${event.reason}`);
      if (event.event === 'redis-died') onLine(`Redis died: ${event.reason}`);
    },
  };
}
