import { join } from 'node:path';
import { createRunner } from '../../local/fleet-runner/create-runner';
import { eventually } from '../helpers/eventually';

const HOUR_MS = 3_600_000;

test('an hour in a minute keeps the order of events: each sweep is delivered and done before the next', async () => {
  const runner = createRunner({
    fleet: {
      configFile: join(__dirname, '..', '..', 'fleet.config.ts'),
      speed: 60,
      port: 0,
      consolePort: 0,
      auth: 'open',
      workers: 1,
      restart: true,
    },
    env: { PATH: process.env.PATH },
    output: { emit: () => undefined },
    startCommand: String,
  });
  try {
    await runner.start();
    const { clock, journal } = runner.cloud;
    const beganMs = clock.nowMs();
    await eventually(() => clock.nowMs() - beganMs >= HOUR_MS, { timeoutMs: 90_000 });
    const entries = journal.entries();
    const times = entries.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));

    const sweeps = entries.flatMap((entry): string[] => {
      if (entry.kind === 'event' && entry.detailType === 'Scheduled Event') return ['due'];
      return entry.kind === 'invocation' && entry.functionName.includes('Drain') ? [entry.outcome] : [];
    });
    // The last one may still run.
    const whole = sweeps.slice(0, sweeps.length - (sweeps.length % 2));
    expect(whole).toEqual(whole.map((_, index) => (index % 2 === 0 ? 'due' : 'ok')));
    expect(whole.length / 2).toBeGreaterThanOrEqual(58);
    // Nothing happened to a fleet that nothing happened to.
    expect(runner.cloud.autoScaling.groups()[0]?.state.inService()).toHaveLength(2);
    expect(entries.filter(({ kind }) => kind === 'desired-capacity')).toEqual([]);
  } finally {
    await runner.close();
  }
}, 300_000);
