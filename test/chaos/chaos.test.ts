import { violationsOf } from './chaos-report';
import { runChaos } from './chaos-run';
import { FAULT_KINDS } from './faults';

/** Drains take half a minute each, and have suites of their own. */
const KINDS = FAULT_KINDS.filter((kind) => kind !== 'node-drained');

test('whatever fails, everybody is back in time, no room is split, and nothing is left behind', async () => {
  const told: string[] = [];
  const result = await runChaos({ minutes: 0.3, seed: 11, kinds: KINDS, log: (line) => told.push(line) });
  console.info(told.join('\n'));
  expect(result.disturbances.length).toBeGreaterThan(1);
  expect(violationsOf(result)).toEqual([]);
});
