// Makes a fresh clone ready: `node scripts/setup/setup.mjs --for start|test`. Runs before `npm start` and `npm test`.
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
const USAGE = `Usage: node scripts/setup/setup.mjs --for <start|test>

  --for start   what \`npm start\` needs: Node packages, Node >= 22, redis-server, the mediasoup worker
  --for test    the same, and Chromium

Environment variables and what to do on which system: docs/setup.md`;

/** @param {string[]} args @returns {{ purpose?: 'start' | 'test', problem?: string, help?: boolean }} */
function parseArguments(args) {
  if (args.length === 1 && ['--help', '-h'].includes(args[0])) return { help: true };
  const [first, ...rest] = args.flatMap((arg) =>
    arg.startsWith('--for=') ? ['--for', arg.slice(6)] : [arg],
  );
  if (first === undefined) return { problem: '--for is missing' };
  if (first !== '--for') return { problem: `unknown argument ${first}` };
  const [purpose, ...more] = rest;
  if (more.length > 0) return { problem: `unknown argument ${more[0]}` };
  if (purpose !== 'start' && purpose !== 'test')
    return { problem: `--for takes start or test, not ${purpose ?? 'nothing'}` };
  return { purpose };
}

/** @param {'start' | 'test'} purpose */
async function setUp(purpose) {
  const startedAt = Date.now();
  const terminal = createTerminal({ stream: process.stdout, now: Date.now });
  const system = detectSystem();
  let node = process.execPath;

  /** @type {[string, (report: (progress: string) => void) => Promise<{ result: string }>][]} */
  const steps = [
    ['Node packages', (report) => ensureNodePackages({ root: ROOT, report })],
    [
      'Node runtime',
      async () => {
        const runtime = await ensureNodeRuntime({ root: ROOT });
        node = runtime.node;
        return runtime;
      },
    ],
    ['Redis', (report) => ensureRedis({ system, report })],
    ['mediasoup worker', (report) => ensureWorker({ system, node, report })],
  ];
  if (purpose === 'test') steps.push(['Chromium', (report) => ensureChromium({ system, report })]);

  for (const [index, [name, action]] of steps.entries()) {
    await terminal.step({ name, position: `[${index + 1}/${steps.length}]` }, action);
  }
  terminal.line(`Set up for ${purpose} in ${formatElapsed(Date.now() - startedAt)}`);
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
  try {
    await setUp(purpose);
    return 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.block()}\n`);
    return 1;
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
process.exitCode = await main();
