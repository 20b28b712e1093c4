import { percentile, runRounds, type Benchmark, type Sample } from './harness';
import { RecoveryStage } from './recovery/recovery-stage';

/** They fit on two nodes, so that others have no media. */
const ROOMS = ['a', 'b'].map((roomId) => ({ roomId, publishers: 3, audience: 9 }));

export const bench: Benchmark = {
  name: 'gateway-loss',
  description: 'a node without media is killed: what the people miss who are connected through it',
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
  const { fleet, crowd } = stage;
  const host = await stage.host({ idle: true });
  const before = { away: crowd.awayMs.length, rejoined: crowd.counts.rejoined };
  const gaps = await stage.gapsOf(() => fleet.kill(host));
  const away = crowd.awayMs.slice(before.away);
  await fleet.restart(host);
  return [
    { name: 'media_gap_ms', unit: 'ms', value: Math.max(0, ...gaps), bound: '= 0' },
    {
      name: 'signalling_p95_ms',
      unit: 'ms',
      value: away.length === 0 ? 0 : percentile(away, 0.95),
      bound: '<= 1000',
    },
    { name: 'resumed', unit: 'peers', value: away.length },
    { name: 'joined_again', unit: 'peers', value: crowd.counts.rejoined - before.rejoined, bound: '= 0' },
  ];
}
