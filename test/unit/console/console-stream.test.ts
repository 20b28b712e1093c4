import { Writable } from 'node:stream';
import type { ConsoleEvent } from '../../../core/protocol/console';
import { ConsoleStream } from '../../../local/console/console-stream';
import { ManualClock } from '../../helpers/manual-clock';

const HIGH_WATER_MARK = 1_000;

/** A reader that takes nothing until the test says so. */
function slowReader() {
  const taken: string[] = [];
  let takeNext: (() => void) | undefined;
  const output = new Writable({
    highWaterMark: HIGH_WATER_MARK,
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      taken.push(chunk);
      takeNext = done;
    },
  });
  return {
    output,
    takeAll: async () => {
      for (let next = takeNext; next; next = takeNext) {
        takeNext = undefined;
        next();
        await new Promise(setImmediate);
      }
    },
    text: () => taken.join(''),
  };
}

test('what a slow reader has not taken does not pile up: the newest state waits, events stay where they are', async () => {
  const clock = new ManualClock();
  const reader = slowReader();
  const log: ConsoleEvent[] = [];
  const stream = new ConsoleStream({
    output: reader.output,
    events: (after) => log.filter(({ sequence }) => sequence > after),
    runId: 'run',
    afterSequence: 0,
    clock,
  });
  const note = () =>
    log.push({ sequence: log.length + 1, atMs: 0, kind: 'test', tone: 'neutral', text: 'x'.repeat(500) });

  for (let second = 0; second < 200; second += 1) {
    for (let index = 0; index < 5; index += 1) note();
    stream.offer(`state ${second} `.repeat(100));
    await clock.advance(1_000);
  }

  // One batch and one state at most, beside what the reader is taking.
  expect(reader.output.writableLength).toBeLessThan(100 * 700);
  expect(stream.stuckMs).toBeGreaterThan(190_000);

  await reader.takeAll();
  const text = reader.text();
  const sequences = [...text.matchAll(/"sequence":(\d+)/g)].map((match) => Number(match[1]));
  expect(sequences).toEqual(log.map(({ sequence }) => sequence));
  expect(text).toContain('state 199 ');
  expect(text).not.toContain('state 100 ');
  expect(stream.stuckMs).toBe(0);
});
