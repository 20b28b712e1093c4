// `npm test`. Without arguments: every test, those with browsers and whole fleets under load last and one suite at a time:
// a real video encoder on a machine that does other things sends fewer layers. With arguments: jest, with them.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { projects } = require('../jest.config.js');
const jest = require.resolve('jest/bin/jest');

/** @param {string[]} args @returns {number} the exit status */
function run(args) {
  const { status } = spawnSync(process.execPath, [jest, ...args], { stdio: 'inherit' });
  return status ?? 1;
}

const args = process.argv.slice(2);
if (args.length > 0) {
  process.exitCode = run(args);
} else {
  const alone = ['e2e', 'scenarios'];
  const others = projects.map(({ displayName }) => displayName).filter((name) => !alone.includes(name));
  const first = run(['--selectProjects', ...others]);
  const second = run(['--selectProjects', ...alone, '--runInBand']);
  process.exitCode = first || second;
}
