import { DEFAULT_EGRESS_MODEL } from '../../core/capacity/egress-model';
import type { RandomSource } from '../../core/clock';
import { newRoomDemand } from '../../core/placement/admission';
import type { RedisServer } from '../helpers/redis-server';
import type { Sample } from './harness';
import { BenchFleet } from './placement-fleet';

/**
 * The bound is held where the burst is what the fleet is made for: with rooms of this mix 40 nodes carry 25 rooms
 * each. On 200 nodes a share is five rooms, and one large room decides the maximum whatever anybody chooses; there
 * the figure stands beside the best that any choice of the least loaded node can reach.
 */
const NODES = 40;
const SPARSE_NODES = 200;
const ROOMS = 1_000;
/** How often the load reports are renewed that the comparison chooses by, milliseconds. */
const REPORT_AGE_MS = 2_000;
/** The comparison's burst is spread over this time, in its favour; ours comes all at once. Milliseconds. */
const BURST_MS = 10_000;
const PEER = { peers: 1, publishers: 1, subscribers: 1, both: 1 };

/** The workload model's meetings: two people, else 3 + ⌊LogNormal(1.704, 1.3)⌋, here up to 20. */
function roomSize(random: RandomSource): number {
  if (random() < 0.42) return 2;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(20, 3 + Math.floor(Math.exp(1.704 + 1.3 * normal)));
}

export async function measureHerd(server: RedisServer, random: RandomSource): Promise<Sample[]> {
  const sizes = Array.from({ length: ROOMS }, () => roomSize(random));
  const figure = (name: string, value: number, bound?: string): Sample => ({
    name,
    unit: 'ratio',
    value,
    ...(bound === undefined ? {} : { bound }),
  });
  return [
    figure('herd_max_over_mean', await burst(server, random, sizes, NODES), '<= 1.2'),
    figure('herd_max_over_mean_stale', chooseByReports(sizes, NODES, REPORT_AGE_MS)),
    figure('herd_max_over_mean_ideal', chooseByReports(sizes, NODES, 0)),
    figure('herd_200_nodes', await burst(server, random, sizes, SPARSE_NODES)),
    figure('herd_200_nodes_stale', chooseByReports(sizes, SPARSE_NODES, REPORT_AGE_MS)),
    figure('herd_200_nodes_ideal', chooseByReports(sizes, SPARSE_NODES, 0)),
  ];
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
    load[lowest] = (load[lowest] ?? 0) + newRoomDemand(PEER, size, DEFAULT_EGRESS_MODEL).egressBps;
  }
  return maxOverMean(load);
}

function maxOverMean(load: number[]): number {
  return Math.max(...load) / (load.reduce((sum, value) => sum + value, 0) / load.length);
}
