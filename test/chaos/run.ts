import { parseArgs } from 'node:util';
import { formatMachine, readMachine } from '../bench/machine';
import { formatChaos, summarizeChaos, violationsOf } from './chaos-report';
import { runChaos } from './chaos-run';
import { FAULT_KINDS, type FaultKind } from './faults';

const USAGE = `usage: npm run chaos -- [--minutes N] [--seed S] [--only KIND,KIND] [--json]
  --minutes N   for how long faults begin: 10
  --seed S      of the choices: 1
  --only LIST   faults of these kinds only: ${FAULT_KINDS.join(', ')}
  --json        the last line is one JSON object
Ends with 1 when somebody was dropped, a room was split, or something was left behind.`;

async function main(): Promise<number> {
  const { minutes, seed, kinds, json, help } = readArguments();
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const result = await runChaos({
    minutes,
    seed,
    kinds,
    log: (line) => console.error(`chaos ${new Date().toISOString().slice(11, 19)}: ${line}`),
  });
  const summary = summarizeChaos(result, minutes);
  const violations = violationsOf(result);
  console.log(formatMachine(readMachine()));
  console.log(formatChaos(summary));
  for (const text of violations) console.log(`- ${text}`);
  if (json) console.log(JSON.stringify(summary));
  return violations.length === 0 ? 0 : 1;
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0)) throw new TypeError('--minutes takes a number above 0');
  if (!Number.isInteger(seed)) throw new TypeError('--seed takes a whole number');
  const kinds = values.only?.split(',').map((name): FaultKind => {
    const kind = FAULT_KINDS.find((known) => known === name);
    if (kind === undefined) throw new TypeError(`--only: there is no fault ${JSON.stringify(name)}`);
    return kind;
  });
  return { minutes, seed, kinds, json: values.json, help: values.help };
}

// Not left to Node: its own cleaning up (v24) may spin for ever over the pipe of a child that was killed just before.
main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    if (error instanceof TypeError) console.error(`${error.message}\n${USAGE}`);
    else console.error(error);
    process.exit(2);
  },
);
