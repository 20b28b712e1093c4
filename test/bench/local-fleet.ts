import { RunningFleet } from '../helpers/fleet-up';
import { runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';
import { ProcessTree } from './process-tree';

/** After the start's own work, and how long is measured, milliseconds: a sweep of the drain function is among it. */
const SETTLE_MS = 20_000;
const WINDOW_MS = 60_000;

/** What a local fleet of two nodes costs while nobody uses it, and how soon it is there. */
async function round(): Promise<Sample[]> {
  const fleet = await RunningFleet.start(['--nodes', '2']);
  try {
    const all = new ProcessTree(fleet.pid);
    await pause(SETTLE_MS);
    const beforeSeconds = all.cpuSeconds();
    await pause(WINDOW_MS);
    const coreSharePercent = ((all.cpuSeconds() - beforeSeconds) / (WINDOW_MS / 1_000)) * 100;
    return [
      { name: 'ready_s', unit: 's', value: fleet.ready.tookMs / 1_000, bound: '<= 15' },
      { name: 'idle_core_percent', unit: '% of a core', value: coreSharePercent, bound: '<= 5' },
      { name: 'idle_pss_mb', unit: 'MiB', value: all.proportionalMiB(), bound: '<= 600' },
      { name: 'idle_rss_mb', unit: 'MiB', value: all.residentMiB() },
    ];
  } finally {
    await fleet.stop();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export const bench: Benchmark = {
  name: 'local-fleet',
  description: 'an idle local fleet of two nodes with its cloud: start, CPU, memory of all processes',
  defaultRounds: 3,
  run: (options: BenchmarkOptions) => runRounds(options, round),
};
