import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { runScenarioCommand } from '../helpers/scenario-run';

/** A first run synthesizes the deployment; a machine that does other things starts nodes slowly. */
const TIMEOUT_MS = 600_000;

/** Folders of runs, which a run's watchdog removes when its last process has ended. */
function runFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => /^fleet-[A-Za-z0-9]{6}$/.test(name));
}

test.each(['ramp', 'flash-crowd', 'scale-in', 'missing-metrics', 'lost-event', 'broken-termination-policy'])(
  '%s goes as told',
  async (name) => {
    const before = new Set(runFolders());
    const { status, stdout, stderr, result } = await runScenarioCommand([name, '--json']);
    if (status !== 0) throw new Error(`${name} ended with ${status}\n${stdout}${stderr}`);
    expect(result).toMatchObject({ name, passed: true });
    const figures = new Map(result?.figures.map((figure) => [figure.name, figure.value]));
    expect(figures.get('droppedPeers')).toBe(0);
    expect(figures.get('nodeMinutes')).toBeGreaterThan(0);
    expect(runFolders().filter((folder) => !before.has(folder))).toEqual([]);
  },
  TIMEOUT_MS,
);

test('the scenarios are listed, and a wrong name or option is one clear line', async () => {
  const list = await runScenarioCommand(['list', '--json']);
  expect(list.status).toBe(0);
  expect(list.stdout).toContain('flash-crowd');
  for (const [args, line] of [
    [['flashcrowd'], /^no scenario "flashcrowd"; there are: ramp, .*\n$/],
    [[], /^usage: .*\n$/],
    [['ramp', '--speed', '0'], /^--speed takes a number from 1 to 60\n$/],
    [['ramp', '--fast'], /^Unknown option '--fast'.*\n$/],
  ] as const) {
    const wrong = await runScenarioCommand(args);
    expect({ status: wrong.status, stdout: wrong.stdout }).toEqual({ status: 2, stdout: '' });
    expect(wrong.stderr).toMatch(line);
  }
});
