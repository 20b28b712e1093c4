import { SCENARIOS } from '../../local/scenarios/scenarios';
import { scenarioCommand } from '../../local/scenarios/scenario-command';
import { runScenarioCommand } from '../helpers/scenario-run';

async function answerTo(args: readonly string[]) {
  const answer = { status: 0, stdout: '', stderr: '' };
  answer.status = await scenarioCommand(args, {
    process,
    stdout: (text) => (answer.stdout += text),
    stderr: (text) => (answer.stderr += text),
  });
  return answer;
}

test('the scenarios are listed, by the command as by its process', async () => {
  const { status, stdout } = await runScenarioCommand(['list', '--json']);
  expect(status).toBe(0);
  for (const { name } of SCENARIOS) expect(stdout).toContain(name);
  expect(await answerTo(['list', '--json'])).toEqual({ status: 0, stdout, stderr: '' });
});

test.each([
  [['flashcrowd'], /^no scenario "flashcrowd"; there are: ramp, .*\n$/],
  [[], /^usage: .*\n$/],
  [['ramp', '--speed', '0'], /^--speed takes a number from 1 to 60\n$/],
  [['ramp', '--fast'], /^Unknown option '--fast'.*\n$/],
])('%j are wrong arguments: one line and status 2', async (args, line) => {
  const { status, stdout, stderr } = await answerTo(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(line);
});
