import { parseArgs } from 'node:util';
import { formatTable, summarize, type Benchmark } from './harness';
import { formatMachine, readMachine } from './machine';

/** Every bench; loaded only when asked for, since some need a media worker or a browser. */
const BENCHES: Record<string, () => Promise<{ bench: Benchmark }>> = {
  placement: () => import('./placement.js'),
  forwarding: () => import('./forwarding.js'),
  join: () => import('./join.js'),
  footprint: () => import('./footprint.js'),
  'local-fleet': () => import('./local-fleet.js'),
  load: () => import('./load.js'),
  'cascade-bytes': () => import('./cascade-bytes.js'),
  'cascade-latency': () => import('./cascade-latency.js'),
  'cascade-scale': () => import('./cascade-scale.js'),
  broadcast: () => import('./broadcast.js'),
  'key-frame': () => import('./key-frame.js'),
  'drain-gap': () => import('./drain-gap.js'),
  'crash-recovery': () => import('./crash-recovery.js'),
  'gateway-loss': () => import('./gateway-loss.js'),
  'redis-outage': () => import('./redis-outage.js'),
};

const USAGE = `usage: npm run bench -- NAME [--json] [--rounds N]
       npm run bench -- list [--json]    what each bench measures
benches: ${Object.keys(BENCHES).join(', ')}
--json: the last line is one JSON object (of list: an array of names)`;

async function main(): Promise<number> {
  const { name, json, rounds, help } = readArguments();
  if (help) {
    console.log(USAGE);
    return 0;
  }
  if (name === 'list') {
    const benches = await Promise.all(Object.values(BENCHES).map((load) => load()));
    for (const { bench } of benches) console.log(`${bench.name.padEnd(16)} ${bench.description}`);
    if (json) console.log(JSON.stringify(benches.map(({ bench }) => bench.name)));
    return 0;
  }
  const load = name === undefined || !Object.hasOwn(BENCHES, name) ? undefined : BENCHES[name];
  if (!load) {
    console.error(name === undefined ? USAGE : `no bench ${JSON.stringify(name)}\n${USAGE}`);
    return 2;
  }
  const { bench } = await load();
  const machine = readMachine();
  const samples = await bench.run({
    rounds: rounds ?? bench.defaultRounds ?? 5,
    log: (line) => console.error(`${bench.name}: ${line}`),
  });
  const result = summarize(bench.name, samples);
  console.log(formatMachine(machine));
  console.log(formatTable(result));
  // A missed bound is a finding, not a failure of the run.
  if (json) console.log(JSON.stringify({ ...result, machine }));
  return 0;
}

interface Arguments {
  name: string | undefined;
  json: boolean;
  rounds: number | undefined;
  help: boolean;
}

function readArguments(): Arguments {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (positionals.length > 1) throw new Error(`one bench at a time, not ${positionals.join(' ')}`);
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1 && rounds <= 1_000)) {
      throw new Error('--rounds takes a number from 1 to 1000');
    }
    return { name: positionals[0], json: values.json, rounds, help: values.help };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

// Not left to Node: its own cleaning up (v24) may spin for ever over the pipe of a child that was killed just before.
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
