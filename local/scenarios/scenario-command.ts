import { parseArgs } from 'node:util';
import { MissingPartError } from '../../scripts/setup/parts.cjs';
import { EndWish } from '../fleet-runner/end-wish';
import { systemClock } from '../fleet-runner/system-clock';
import { RunnerError } from '../runner-error';
import { runScenario } from './run-scenario';
import type { Scenario } from './scenario';
import type { ScenarioResult } from './scenario-result';
import { SCENARIOS } from './scenarios';

export interface ScenarioCommandOptions {
  process: NodeJS.Process;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

const USAGE = 'usage: npm run scenario -- NAME [--json] [--speed N], or: npm run scenario -- list';
const NAMES = SCENARIOS.map(({ name }) => name).join(', ');

/** `npm run scenario`. Gives the exit status: 0 passed, 1 not as told, 2 wrong arguments. */
export async function scenarioCommand(
  args: readonly string[],
  options: ScenarioCommandOptions,
): Promise<number> {
  const read = readArguments(args);
  if (typeof read === 'string') {
    options.stderr(`${read}\n`);
    return 2;
  }
  const { name, json, speed } = read;
  if (name === 'list') {
    for (const scenario of SCENARIOS) {
      options.stdout(`${scenario.name.padEnd(27)} ${scenario.description}\n`);
    }
    if (json) options.stdout(`${JSON.stringify(SCENARIOS.map((scenario) => scenario.name))}\n`);
    return 0;
  }
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (!scenario) {
    options.stderr(`no scenario ${JSON.stringify(name)}; there are: ${NAMES}\n`);
    return 2;
  }
  return run(scenario, { json, speed }, options);
}

async function run(
  scenario: Scenario,
  { json, speed }: { json: boolean; speed: number | undefined },
  { process, stdout, stderr }: ScenarioCommandOptions,
): Promise<number> {
  const wish = new EndWish({ clock: systemClock, process });
  stdout(`${scenario.name}: ${scenario.description} (${speed ?? scenario.speed} times as fast)\n`);
  try {
    const result = await runScenario(scenario, {
      speed,
      env: process.env,
      onLine: (line) => stdout(`${line}\n`),
      ended: wish.first,
    });
    stdout(formatResult(result));
    const { name, passed, figures } = result;
    if (json) stdout(`${JSON.stringify({ name, passed, figures })}\n`);
    return passed ? 0 : 1;
  } catch (error) {
    const isKnown = error instanceof RunnerError || error instanceof MissingPartError;
    stderr(`${isKnown ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  } finally {
    wish.close();
  }
}

function formatResult({ name, passed, figures, problems }: ScenarioResult): string {
  const width = Math.max(...figures.map((figure) => figure.name.length), 0);
  const lines = figures.map(({ name: figure, value, unit }) =>
    `  ${figure.padEnd(width)}  ${value} ${unit}`.trimEnd(),
  );
  const outcome = passed ? 'PASSED' : 'NOT AS TOLD';
  return [...lines, `${name}: ${outcome}`, ...problems.map((problem) => `  - ${problem}`), ''].join('\n');
}

/** A text says what is wrong. */
function readArguments(
  args: readonly string[],
): { name: string; json: boolean; speed: number | undefined } | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, speed: { type: 'string' } },
    });
    const [name, ...others] = positionals;
    if (name === undefined) return `${USAGE}; names: ${NAMES}`;
    if (others.length > 0) return `one scenario at a time, not ${positionals.join(' ')}`;
    const speed = values.speed === undefined ? undefined : Number(values.speed);
    if (speed !== undefined && !(speed >= 1 && speed <= 60)) return '--speed takes a number from 1 to 60';
    return { name, json: values.json, speed };
  } catch (error) {
    return `${(error as Error).message.split('\n')[0] ?? ''} ${USAGE}`;
  }
}
