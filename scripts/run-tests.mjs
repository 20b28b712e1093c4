// `npm test`. Without arguments: every test, after what they need is built once. Whole fleets on hosts of their own and
// stories come after the others; those in real time (browsers, load, random harm) last and one at a time: a real video
// encoder on a machine that does other things sends fewer layers. With arguments: jest, with them.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { projects } = require('../jest.config.js');
const jest = require.resolve('jest/bin/jest');
const endAtExit = require.resolve('./end-at-exit.cjs');

/** @param {string[]} args @returns {number} the exit status */
function run(args) {
  const { status } = spawnSync(process.execPath, ['--require', endAtExit, jest, ...args], {
    stdio: 'inherit',
  });
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
  const inRealTime = ['chaos', 'load', 'e2e'];
  const apart = ['fleets', 'scenarios', ...inRealTime];
  const others = projects.map(({ displayName }) => displayName).filter((name) => !apart.includes(name));
  const statuses = [
    built,
    // Many of them wait for real time, so that two would leave a processor idle.
    run(['--selectProjects', ...others, '--maxWorkers', '3']),
    // These wait, too.
    run(['--selectProjects', 'fleets', '--maxWorkers', '3']),
    // Their clouds run many times as fast as the clock: more than two at once fall behind it.
    run(['--selectProjects', 'scenarios', '--maxWorkers', '2']),
    run(['--selectProjects', ...inRealTime, '--runInBand']),
  ];
  process.exitCode = statuses.find((status) => status !== 0) ?? 0;
}
