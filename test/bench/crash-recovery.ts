import { percentile, runRounds, type Benchmark, type Sample } from './harness';
import { RecoveryStage } from './recovery/recovery-stage';

/** A node of LiveKit is taken for lost after 5 s, as its documents say. */
const LIVEKIT_DETECTION_MS = 5_000;

export const bench: Benchmark = {
  name: 'crash-recovery',
  description: 'a node is killed, or falls silent: how long its people miss something',
  defaultRounds: 5,
  async run(options) {
    const stage = await RecoveryStage.start();
    try {
      return await runRounds(options, () => round(stage));
    } finally {
      await stage.close();
    }
  },
};

async function round(stage: RecoveryStage): Promise<Sample[]> {
  const { fleet } = stage;
  const killed = await stage.host();
  const node = await stage.gapsOf(() => fleet.kill(killed));
  await fleet.restart(killed);

  const cut = await stage.host();
  const silent = await stage.gapsOf(() => fleet.hosts.cut(cut));
  await fleet.hosts.heal(cut);
  await stage.whole();

  const nodeP95 = p95(node);
  return [
    { name: 'node_p95_ms', unit: 'ms', value: nodeP95, bound: '<= 1500' },
    { name: 'node_silent_p95_ms', unit: 'ms', value: p95(silent), bound: '<= 6000' },
    { name: 'node_over_livekit_detection', unit: '', value: nodeP95 / LIVEKIT_DETECTION_MS },
    { name: 'affected_by_node', unit: 'peers', value: node.length },
  ];
}

function p95(gaps: number[]): number {
  return gaps.length === 0 ? 0 : percentile(gaps, 0.95);
}
