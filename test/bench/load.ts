import { LoadGenerator } from '../../local/load/load-generator';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { runRounds, type Benchmark, type BenchmarkOptions, type Sample } from './harness';

const BITRATE_BPS = 600_000;
/** One sends, the others watch: what a viewer costs the machine that plays it. */
const VIEWERS = 30;
const WINDOW_MS = 10_000;

/** The cost of load peers: CPU of the load process alone, over a window in which all of them are in. */
async function round(): Promise<Sample[]> {
  const fleet = await RunningFleet.start(['--nodes', '1', '--workers', '1', '--capacity-mbps', '1000'], {
    // What is asked is what the peers cost, not how many placement would let in.
    FLEET_CAPACITY_PACKETS_PER_SECOND: '1000000000',
  });
  const load = await LoadGenerator.start({
    url: fleet.url,
    rooms: 1,
    size: VIEWERS + 1,
    publishers: 1,
    bitrateBps: BITRATE_BPS,
    simulcast: false,
    joinsPerSecond: 5,
  });
  try {
    await eventually(() => load.peers.filter(({ state }) => state === 'in').length === VIEWERS + 1, {
      timeoutMs: 60_000,
    });
    const before = await load.report();
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    const after = await load.report();
    const cpuSeconds = after.generator.cpuSeconds - before.generator.cpuSeconds;
    const packets = after.media.packets - before.media.packets;
    const seconds = after.seconds - before.seconds;
    return [
      // At 100 % of a core; leave some of it free, or the load itself comes late.
      { name: 'viewers_per_core', unit: 'peers', value: (VIEWERS * seconds) / cpuSeconds, bound: '>= 24' },
      { name: 'packets_per_cpu_second', unit: 'packets/s', value: packets / cpuSeconds },
      {
        name: 'received_of_wanted',
        unit: 'share',
        value: after.media.receivedBps / after.media.wantedBps,
        bound: '>= 0.97',
      },
      { name: 'join_p95_ms', unit: 'ms', value: after.joinMs.p95 },
      { name: 'typical_lag_ms', unit: 'ms', value: after.generator.typicalLagMs },
    ];
  } finally {
    await load.stop();
    await fleet.stop();
  }
}

export const bench: Benchmark = {
  name: 'load',
  description: 'peers of fleet load per core, at 600 kbit/s of video and audio each',
  defaultRounds: 2,
  run: (options: BenchmarkOptions) => runRounds(options, round),
};
