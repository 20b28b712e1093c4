// `npm test`. Without arguments: every test, after what they need is built once; those with browsers and with whole fleets
// under load come last, because they use more than their own processor. With arguments: jest, with them.
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

/** @returns {number} the exit status */
function build() {
  const file = new URL('../test/build-first.ts', import.meta.url).pathname;
  const { status } = spawnSync(process.execPath, ['--require', 'tsx/cjs', file], { stdio: 'inherit' });
  return status ?? 1;
}

const args = process.argv.slice(2);
if (args.length > 0) {
  process.exitCode = run(args);
} else {
  const started = Date.now();
  const built = build();
  console.log(`Built what whole fleets need in ${Math.round((Date.now() - started) / 1_000)} s`);
  const last = ['e2e', 'scenarios'];
  const others = projects.map(({ displayName }) => displayName).filter((name) => !last.includes(name));
  const first = run(['--selectProjects', ...others]);
  const second = run(['--selectProjects', ...last]);
  process.exitCode = built || first || second;
}
