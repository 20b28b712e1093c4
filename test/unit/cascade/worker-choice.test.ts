import { chooseWorker, type WorkerPlace } from '../../../core/cascade/worker-choice';

const LIMITS = { packetsPerSubscriber: 100, safePacketsPerSecond: 1_000 };
const place = (othersPacketsPerSecond: number, subscribers = 0, order?: number): WorkerPlace => ({
  othersPacketsPerSecond,
  subscribers,
  order,
});

test.each<[string, WorkerPlace[], number]>([
  ['stays where the room is, however idle the others are', [place(0), place(500, 4, 0), place(0)], 1],
  ['fills the room’s first worker before the others', [place(0, 2, 1), place(0, 5, 0)], 1],
  ['goes on to the room’s next worker when the first is full', [place(0, 2, 1), place(0, 10, 0)], 0],
  ['opens the least loaded worker when the room’s are full', [place(0, 10, 0), place(400), place(200)], 2],
  ['counts what others do on the room’s worker', [place(900, 1, 0), place(300)], 1],
  ['takes the least loaded of all when none has room', [place(950, 1, 0), place(0, 11, 1), place(980)], 2],
])('a peer %s', (_, places, expected) => {
  expect(chooseWorker(places, LIMITS)).toBe(expected);
});

test('a peer that receives nothing sits at the room’s first worker', () => {
  const places = [place(0), place(500, 4, 1), place(900, 1, 0)];
  expect(chooseWorker(places, { ...LIMITS, packetsPerSubscriber: 0 })).toBe(2);
});

test('without workers there is no choice', () => {
  expect(() => chooseWorker([], LIMITS)).toThrow(RangeError);
});
