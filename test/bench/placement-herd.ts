import { DEFAULT_EGRESS_MODEL } from '../../core/capacity/egress-model';
import type { RandomSource } from '../../core/clock';
import { newRoomDemand } from '../../core/placement/admission';
import type { RedisServer } from '../helpers/redis-server';
import type { Sample } from './harness';
import { BenchFleet } from './placement-fleet';

const NODES = 200;
const ROOMS = 1_000;
/** How often the load reports are renewed that the comparison chooses by, milliseconds. */
const REPORT_AGE_MS = 2_000;
/** The comparison's burst is spread over this time, in its favour; ours comes all at once. Milliseconds. */
const BURST_MS = 10_000;
const PEER = { peers: 1, publishers: 1, subscribers: 1, both: 1 };

/**
 * Small meetings of two to six people, as most are. With five rooms to a node one room much larger than a
 * node's share decides the maximum whatever anybody chooses, which is why the second mix stands beside the
 * best that any choice of the least loaded node can do.
 */
const smallMeetings = (random: RandomSource): number => (random() < 0.42 ? 2 : 3 + Math.floor(random() * 4));

/** The workload model's meetings: two people, else 3 + ⌊LogNormal(1.704, 1.3)⌋, here up to 50. */
function workloadMeetings(random: RandomSource): number {
  if (random() < 0.42) return 2;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(50, 3 + Math.floor(Math.exp(1.704 + 1.3 * normal)));
}

export async function measureHerd(server: RedisServer, random: RandomSource): Promise<Sample[]> {
  const small = Array.from({ length: ROOMS }, () => smallMeetings(random));
  const mixed = Array.from({ length: ROOMS }, () => workloadMeetings(random));
  return [
    { name: 'herd_max_over_mean', unit: 'ratio', value: await burst(server, random, small), bound: '<= 1.2' },
    { name: 'herd_max_over_mean_stale', unit: 'ratio', value: chooseByReports(small, REPORT_AGE_MS) },
    { name: 'herd_max_over_mean_ideal', unit: 'ratio', value: chooseByReports(small, 0) },
    { name: 'herd_large_rooms', unit: 'ratio', value: await burst(server, random, mixed) },
    { name: 'herd_large_rooms_ideal', unit: 'ratio', value: chooseByReports(mixed, 0) },
  ];
}

/** All rooms at once from one client that does not wait; load is what each node has reserved after it. */
async function burst(server: RedisServer, random: RandomSource, sizes: number[]): Promise<number> {
  const fleet = new BenchFleet({ server, nodes: NODES, random });
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
function chooseByReports(sizes: number[], reportIntervalMs: number): number {
  const load = new Array<number>(NODES).fill(0);
  let reported = [...load];
  let nextReportMs = 0;
  for (const [i, size] of sizes.entries()) {
    const nowMs = (i * BURST_MS) / sizes.length;
    if (nowMs >= nextReportMs || reportIntervalMs === 0) {
      reported = [...load];
      nextReportMs = nowMs + reportIntervalMs;
    }
    const lowest = reported.indexOf(Math.min(...reported));
    load[lowest] = (load[lowest] ?? 0) + newRoomDemand(PEER, size, DEFAULT_EGRESS_MODEL).egressBps;
  }
  return maxOverMean(load);
}

function maxOverMean(load: number[]): number {
  return Math.max(...load) / (load.reduce((sum, value) => sum + value, 0) / load.length);
}
