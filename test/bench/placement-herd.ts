import { DEFAULT_EGRESS_MODEL } from '../../core/capacity/egress-model';
import type { RandomSource } from '../../core/clock';
import { newRoomDemand } from '../../core/placement/admission';
import type { RedisServer } from '../helpers/redis-server';
import type { Sample } from './harness';
import { BenchFleet } from './placement-fleet';

const NODES = 200;
/** The same burst where each node gets 25 rooms instead of five, so that no single room decides the maximum. */
const DENSE_NODES = 40;
const ROOMS = 1_000;
/** How often the load reports are renewed that the comparison chooses by, milliseconds. */
const REPORT_AGE_MS = 2_000;
/** The comparison's burst is spread over this time, in its favour; ours comes all at once. Milliseconds. */
const BURST_MS = 10_000;
const PEER = { peers: 1, publishers: 1, subscribers: 1, both: 1 };

/** A mix of sizes. The sizes are given with the joins, as a calendar would. */
interface RoomMix {
  /** Share of rooms for two people; the others are 3 + ⌊LogNormal(1.704, 1.3)⌋. */
  pairs: number;
  /** Larger rooms are drawn again. */
  maxPeople: number;
}

/** What starts in one burst: the scheduled meetings of the workload model, without its tail. Mean 5.6 people. */
const SCHEDULED: RoomMix = { pairs: 0.15, maxPeople: 12 };
/** All meetings of the workload model up to a little above its 99th percentile. */
const HEAVY_TAILED: RoomMix = { pairs: 0.42, maxPeople: 100 };

function roomSize(random: RandomSource, mix: RoomMix): number {
  if (random() < mix.pairs) return 2;
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const people = 3 + Math.floor(Math.exp(1.704 + 1.3 * normal));
    if (people <= mix.maxPeople) return people;
  }
  return mix.maxPeople;
}

/**
 * Load of the fullest node ÷ mean load after the burst. Beside ours: `ideal`, the least loaded node chosen with
 * perfect knowledge, room after room, which no online choice of the least loaded can beat; `known`, the same with
 * all rooms known beforehand, largest first; `stale`, the lowest of reports that are up to two seconds old.
 */
export async function measureHerd(server: RedisServer, random: RandomSource): Promise<Sample[]> {
  const scheduled = Array.from({ length: ROOMS }, () => roomSize(random, SCHEDULED));
  const heavy = Array.from({ length: ROOMS }, () => roomSize(random, HEAVY_TAILED));
  const largestFirst = [...scheduled].sort((a, b) => demandOf(b) - demandOf(a));
  const figure = (name: string, value: number, bound?: string): Sample => ({
    name,
    unit: 'ratio',
    value,
    ...(bound === undefined ? {} : { bound }),
  });
  return [
    figure('herd_max_over_mean', await burst(server, random, scheduled, NODES), '<= 1.2'),
    figure('herd_ideal', chooseByReports(scheduled, NODES, 0)),
    figure('herd_known', chooseByReports(largestFirst, NODES, 0)),
    figure('herd_stale', chooseByReports(scheduled, NODES, REPORT_AGE_MS)),
    figure('herd_heavy_tailed', await burst(server, random, heavy, NODES)),
    figure('herd_heavy_tailed_ideal', chooseByReports(heavy, NODES, 0)),
    figure('herd_heavy_tailed_stale', chooseByReports(heavy, NODES, REPORT_AGE_MS)),
    figure('herd_40_nodes', await burst(server, random, scheduled, DENSE_NODES)),
    figure('herd_40_nodes_ideal', chooseByReports(scheduled, DENSE_NODES, 0)),
    figure('herd_40_nodes_stale', chooseByReports(scheduled, DENSE_NODES, REPORT_AGE_MS)),
  ];
}

function demandOf(people: number): number {
  return newRoomDemand(PEER, people, DEFAULT_EGRESS_MODEL).egressBps;
}

/** All rooms at once from one client that does not wait; load is what each node has reserved after it. */
async function burst(
  server: RedisServer,
  random: RandomSource,
  sizes: number[],
  nodes: number,
): Promise<number> {
  const fleet = new BenchFleet({ server, nodes, random });
  try {
    await fleet.begin();
    await Promise.all(
      sizes.map((expectedPeers, i) =>
        fleet.store.placePeer({
          roomId: `burst-${i}`,
          role: { publishes: true, subscribes: true },
          expectedPeers,
          policy: { selector: 'least-egress' },
        }),
      ),
    );
    return maxOverMean((await fleet.store.listNodes()).map((node) => node.committed.egressBps));
  } finally {
    await fleet.close();
  }
}

/** The usual way: the lowest load of reports that are as old as the interval; 0 is perfect knowledge. */
function chooseByReports(sizes: number[], nodes: number, reportIntervalMs: number): number {
  const load = new Array<number>(nodes).fill(0);
  let reported = [...load];
  let nextReportMs = 0;
  for (const [i, size] of sizes.entries()) {
    const nowMs = (i * BURST_MS) / sizes.length;
    if (nowMs >= nextReportMs || reportIntervalMs === 0) {
      reported = [...load];
      nextReportMs = nowMs + reportIntervalMs;
    }
    const lowest = reported.indexOf(Math.min(...reported));
    load[lowest] = (load[lowest] ?? 0) + demandOf(size);
  }
  return maxOverMean(load);
}

function maxOverMean(load: number[]): number {
  return Math.max(...load) / (load.reduce((sum, value) => sum + value, 0) / load.length);
}
