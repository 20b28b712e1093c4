import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScenarioCommand } from './scenario-run';

/** The end of a story that hangs, milliseconds; none of its steps waits for longer than two minutes. */
const TIMEOUT_MS = 600_000;

/** Declares the test of a scenario. Each has a file of its own, so that two of them play at the same time. */
export function storyTest(name: string): void {
  test(
    `${name} goes as told`,
    async () => {
      // Of this run alone: others play beside it.
      const folder = await mkdtemp(join(tmpdir(), 'fleet-story-'));
      try {
        const run = await runScenarioCommand([name, '--json'], { TMPDIR: folder });
        const { status, stdout, stderr, result } = run;
        if (status !== 0) throw new Error(`${name} ended with ${status}\n${stdout}${stderr}`);
        expect(result).toMatchObject({ name, passed: true });
        const figures = new Map(result?.figures.map((figure) => [figure.name, figure.value]));
        expect(figures.get('droppedPeers')).toBe(0);
        expect(figures.get('nodeMinutes')).toBeGreaterThan(0);
        // A run's watchdog removes its folder when its last process has ended.
        expect((await readdir(folder)).filter((left) => left.startsWith('fleet-'))).toEqual([]);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    TIMEOUT_MS,
  );
}
