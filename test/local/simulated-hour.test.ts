import { join } from 'node:path';
import { createRunner } from '../../local/fleet-runner/create-runner';
import { eventually } from '../helpers/eventually';

const HOUR_MS = 3_600_000;

test('an hour in a minute keeps the order of events: no time goes back, and every sweep comes and is done', async () => {
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
    // The start took minutes of the cloud's time, too.
    const entries = journal.entries().filter(({ atMs }) => atMs >= beganMs);
    const times = entries.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));

    const dueMs = entries.flatMap((entry) =>
      entry.kind === 'event' && entry.detailType === 'Scheduled Event' ? [entry.atMs] : [],
    );
    const minutes = ((times.at(-1) ?? 0) - beganMs) / 60_000;
    expect(dueMs.length).toBeGreaterThanOrEqual(minutes - 2);
    expect(dueMs.length).toBeLessThanOrEqual(minutes + 2);
    // The last ones may still run: a function's work is real time.
    const done = await eventually(() => {
      const outcomes = journal
        .entries()
        .flatMap((entry) =>
          entry.kind === 'invocation' && entry.atMs >= beganMs && entry.functionName.includes('Drain')
            ? [entry.outcome]
            : [],
        );
      return outcomes.length >= dueMs.length && outcomes;
    });
    expect(new Set(done)).toEqual(new Set(['ok']));
    // Nothing happened to a fleet that nothing happened to.
    expect(runner.cloud.autoScaling.groups()[0]?.state.inService()).toHaveLength(2);
    expect(entries.filter(({ kind }) => kind === 'desired-capacity')).toEqual([]);
  } finally {
    await runner.close();
  }
});
