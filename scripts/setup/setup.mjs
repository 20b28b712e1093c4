// Makes a fresh clone ready: `node scripts/setup/setup.mjs --for commands|start|test`. Runs before `npm start`, `npm test` and
// the like. It tells what it does on stderr: stdout belongs to the command that follows.
//
// Plain JavaScript for Node >= 18 without packages, because at first there are none, and the machine's Node may be old.
// Each step looks first and changes something only when it must, so that a second run costs next to nothing.
import { fileURLToPath } from 'node:url';

import { SetupError } from './setup-error.mjs';
import { ensureChromium } from './steps/chromium.mjs';
import { ensureNodePackages } from './steps/node-packages.mjs';
import { ensureNodeRuntime } from './steps/node-runtime.mjs';
import { ensureRedis } from './steps/redis.mjs';
import { ensureWorker } from './steps/worker.mjs';
import { detectSystem } from './system.mjs';
import { createTerminal, formatElapsed } from './terminal.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const USAGE = `Usage: node scripts/setup/setup.mjs --for <commands|start|test>

  --for commands what \`npm run fleet\` and \`npm run synth\` need: Node packages, Node >= 22; says nothing when they are there
  --for start    what \`npm start\` needs: these, redis-server, the mediasoup worker
  --for test     the same, and Chromium

Environment variables and what to do on which system: docs/setup.md`;

/** @typedef {'commands' | 'start' | 'test'} Purpose */

/** @type {readonly Purpose[]} */
const PURPOSES = ['commands', 'start', 'test'];

/** @param {string[]} args @returns {{ purpose?: Purpose, problem?: string, help?: boolean }} */
function parseArguments(args) {
  if (args.length === 1 && ['--help', '-h'].includes(args[0])) return { help: true };
  const [first, ...rest] = args.flatMap((arg) =>
    arg.startsWith('--for=') ? ['--for', arg.slice(6)] : [arg],
  );
  if (first === undefined) return { problem: '--for is missing' };
  if (first !== '--for') return { problem: `unknown argument ${first}` };
  const [given, ...more] = rest;
  if (more.length > 0) return { problem: `unknown argument ${more[0]}` };
  const purpose = PURPOSES.find((known) => known === given);
  return purpose ? { purpose } : { problem: `--for takes ${PURPOSES.join(', ')}, not ${given ?? 'nothing'}` };
}

/**
 * @param {Purpose} purpose
 * @returns {Promise<SetupError[]>} what a person must see to; empty when all is set up
 */
async function setUp(purpose) {
  const startedAt = Date.now();
  const terminal = createTerminal({
    stream: process.stderr,
    now: Date.now,
    quiet: purpose === 'commands',
  });
  const system = detectSystem();
  let node = process.execPath;

  /** @type {{ name: string, action: (report: (progress: string) => void) => Promise<{ result: string }>, isPart?: boolean }[]} */
  const steps = [
    { name: 'Node packages', action: (report) => ensureNodePackages({ root: ROOT, report }) },
    {
      name: 'Node runtime',
      action: async () => {
        const runtime = await ensureNodeRuntime({ root: ROOT });
        node = runtime.node;
        return runtime;
      },
    },
  ];
  if (purpose !== 'commands') {
    steps.push(
      { name: 'Redis', action: (report) => ensureRedis({ system, report }), isPart: true },
      { name: 'mediasoup worker', action: (report) => ensureWorker({ system, node, report }), isPart: true },
    );
  }
  if (purpose === 'test') {
    steps.push({ name: 'Chromium', action: (report) => ensureChromium({ system, report }), isPart: true });
  }

  /** @type {SetupError[]} */
  const problems = [];
  for (const [index, { name, action, isPart }] of steps.entries()) {
    try {
      await terminal.step({ name, position: `[${index + 1}/${steps.length}]` }, action);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      problems.push(error);
      // The parts don't need each other: a person learns in one run all that is to be done.
      if (!isPart) break;
    }
  }
  if (problems.length > 0) return problems;
  terminal.line(`Set up for ${purpose} in ${formatElapsed(Date.now() - startedAt)}`);
  return [];
}

async function main() {
  const { purpose, problem, help } = parseArguments(process.argv.slice(2));
  if (help) {
    console.log(USAGE);
    return 0;
  }
  if (!purpose) {
    console.error(`${problem}\n\n${USAGE}`);
    return 2;
  }
  const problems = await setUp(purpose);
  if (problems.length === 0) return 0;
  console.error(`\n${problems.map((problem) => problem.block()).join('\n\n')}\n`);
  return 1;
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
process.exitCode = await main();
