import { MissingPartError } from '../../scripts/setup/parts.cjs';
import { startCommandWithPort } from '../command-line/start-command';
import { RunnerError } from '../runner-error';
import { createRunner } from './create-runner';
import { EndWish } from './end-wish';
import type { FleetOptions } from './fleet-options';
import type { FleetRunner } from './fleet-runner';
import { JsonOutput } from './json-output';
import type { RunnerOutput } from './runner-events';
import { systemClock } from './system-clock';
import { TerminalOutput } from './terminal-output';

export interface UpOptions extends FleetOptions {
  /** What the person gave, for the command that a message suggests. */
  args: readonly string[];
  /** Events as JSON lines on stdout. */
  json: boolean;
}

/** Runs a fleet until somebody ends it or it can not go on. Gives the exit status. */
export async function up(options: UpOptions): Promise<number> {
  const clock = systemClock;
  const output = createOutput(options);
  const wish = new EndWish({ clock, process });
  let runner: FleetRunner | undefined;
  let failure: unknown;
  try {
    runner = createRunner({
      fleet: options,
      env: process.env,
      output,
      startCommand: (port) => startCommandWithPort(options.args, port),
    });
    await Promise.race([runner.start(), wish.first]);
    await Promise.race([runner.failed, wish.first]);
  } catch (error) {
    failure = error;
  }
  await end(runner, wish, output);
  wish.close();
  if (failure === undefined) return 0;
  output.emit({ event: 'error', message: describeFailure(failure) });
  return 1;
}

async function end(runner: FleetRunner | undefined, wish: EndWish, output: RunnerOutput): Promise<void> {
  if (!runner) return;
  const startedMs = systemClock.monotonicMs();
  if (wish.reason) output.emit({ event: 'stopping', reason: wish.reason });
  void wish.second.then(() => runner.kill());
  await runner.close();
  if (wish.reason)
    output.emit({ event: 'stopped', tookMs: Math.round(systemClock.monotonicMs() - startedMs) });
}

function createOutput({ json }: UpOptions): RunnerOutput {
  if (json) return new JsonOutput((text) => process.stdout.write(text));
  return new TerminalOutput({
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    isTty: process.stdout.isTTY,
    columns: () => process.stdout.columns,
    clock: systemClock,
  });
}

/** One line for what can happen; for what can't, where it happened. */
function describeFailure(error: unknown): string {
  if (error instanceof RunnerError || error instanceof MissingPartError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
