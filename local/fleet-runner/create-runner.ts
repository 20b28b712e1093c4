import { findRedisServerBin, findWorkerBin } from '../../scripts/setup/parts.cjs';
import { buildFleet } from './build-fleet';
import type { FleetOptions } from './fleet-options';
import { FleetRunner } from './fleet-runner';
import { RunFolder } from './run-folder';
import type { RunnerOutput } from './runner-events';
import { systemClock } from './system-clock';
import { Watchdog } from './watchdog';

export interface CreateRunnerOptions {
  fleet: FleetOptions;
  /** What nodes inherit. */
  env: NodeJS.ProcessEnv;
  output: RunnerOutput;
  /** The command that tries again with another front port. */
  startCommand: (port: number) => string;
}

/** A fleet on this machine with all that it needs; it has not started. @throws MissingPartError, RunnerError */
export function createRunner({ fleet, env, output, startCommand }: CreateRunnerOptions): FleetRunner {
  const redisServerBin = findRedisServerBin();
  const workerBin = findWorkerBin();
  const folder = RunFolder.create();
  return new FleetRunner(fleet, {
    redisServerBin,
    workerBin,
    env,
    folder,
    watchdog: Watchdog.start(folder.path),
    clock: systemClock,
    output,
    build: () => buildFleet(output, fleet),
    startCommand,
  });
}
