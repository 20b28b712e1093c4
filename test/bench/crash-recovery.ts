import { percentile, runRounds, type Benchmark, type Sample } from './harness';
import { RecoveryStage } from './recovery/recovery-stage';

/** A node of LiveKit is taken for lost after 5 s, as its documents say. */
const LIVEKIT_DETECTION_MS = 5_000;

/** Linux doubles the time between two tries, from 0.2 s on: after a cut of 8 s the next one is within so much more. */
const TCP_BACKS_OFF_MS = 10_000;

/** Of six people each, of whom three send: 24 in all, and two in browsers. */
const ROOMS = ['a', 'b', 'c', 'd'].map((roomId) => ({
  roomId,
  publishers: 3,
  browsers: roomId === 'a' ? 2 : 0,
  audience: 3,
}));

export const bench: Benchmark = {
  name: 'crash-recovery',
  description: 'a worker or a node is killed, or falls silent: how long its people miss something',
  defaultRounds: 5,
  async run(options) {
    const stage = await RecoveryStage.start(ROOMS);
    try {
      return await runRounds(options, () => round(stage));
    } finally {
      await stage.close();
    }
  },
};

async function round(stage: RecoveryStage): Promise<Sample[]> {
  const { fleet } = stage;
  const { pid } = await stage.busiestWorker();
  const worker = await stage.gapsOf(() => process.kill(pid, 'SIGKILL'));

  const killed = await stage.host();
  const node = await stage.gapsOf(() => fleet.kill(killed));
  await fleet.restart(killed);

  const cut = await stage.host();
  const silent = await stage.gapsOf(() => fleet.hosts.cut(cut));
  await fleet.hosts.heal(cut);
  await stage.whole();
  // The next harm is another one: until TCP tries again, connections that were cut hold back what is said over them.
  await new Promise((resolve) => setTimeout(resolve, TCP_BACKS_OFF_MS));

  const nodeP95 = p95(node);
  return [
    { name: 'worker_p95_ms', unit: 'ms', value: p95(worker), bound: '<= 500' },
    { name: 'node_p95_ms', unit: 'ms', value: nodeP95, bound: '<= 1500' },
    { name: 'node_silent_p95_ms', unit: 'ms', value: p95(silent), bound: '<= 6000' },
    { name: 'node_over_livekit_detection', unit: '', value: nodeP95 / LIVEKIT_DETECTION_MS },
    { name: 'worker_p50_ms', unit: 'ms', value: p50(worker) },
    { name: 'node_p50_ms', unit: 'ms', value: p50(node) },
    { name: 'node_silent_p50_ms', unit: 'ms', value: p50(silent) },
    { name: 'affected_by_worker', unit: 'peers', value: worker.length },
    { name: 'affected_by_node', unit: 'peers', value: node.length },
  ];
}

const p95 = (gaps: number[]): number => ofGaps(gaps, 0.95);
const p50 = (gaps: number[]): number => ofGaps(gaps, 0.5);

function ofGaps(gaps: number[], rank: number): number {
  return gaps.length === 0 ? 0 : percentile(gaps, rank);
}
