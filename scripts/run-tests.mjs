// `npm test`. Without arguments: every test, those with browsers last and one suite at a time, since a real video
// encoder on a machine that does other things sends fewer layers. With arguments: jest, with them.
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
  const withoutBrowser = projects.map(({ displayName }) => displayName).filter((name) => name !== 'e2e');
  const first = run(['--selectProjects', ...withoutBrowser]);
  const second = run(['--selectProjects', 'e2e', '--runInBand']);
  process.exitCode = first || second;
}
