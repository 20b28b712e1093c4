import { judgeFanOut } from '../../../core/cascade/fan-out';
import { FanOut } from '../../../node-app/media/cascade/fan-out';
import { PipeFullError } from '../../../node-app/media/cascade/pipe-full-error';

const to = (nodeId: string) => ({ nodeId, routerId: `r${nodeId}` });

test('a node sends a stream to as many others as it may', () => {
  expect(judgeFanOut({ depth: 0, served: 9, limit: 10, isNearAHolder: false })).toEqual({ serves: true });
  expect(judgeFanOut({ depth: 0, served: 10, limit: 10, isNearAHolder: false })).toEqual({
    serves: false,
    namesHolders: true,
  });
});

test('a stream takes two steps beyond its publisher’s node, and only the first ones are named', () => {
  expect(judgeFanOut({ depth: 1, served: 0, limit: 10, isNearAHolder: false })).toEqual({ serves: true });
  expect(judgeFanOut({ depth: 1, served: 10, limit: 10, isNearAHolder: false })).toEqual({
    serves: false,
    namesHolders: false,
  });
  expect(judgeFanOut({ depth: 2, served: 0, limit: 10, isNearAHolder: false })).toEqual({
    serves: false,
    namesHolders: false,
  });
});

test('those who have the stream are named, not those who will', () => {
  const fanOut = new FanOut(2, () => undefined);
  fanOut.admit('stream', { to: to('a'), depth: 0 }).taken();
  const coming = fanOut.admit('stream', { to: to('b'), depth: 0 });
  expect(fullError(fanOut).holders).toEqual([to('a')]);
  coming.taken();
  expect(fullError(fanOut).holders).toEqual([to('a'), to('b')]);
});

test('a place that is given up goes to the next, once', () => {
  const fanOut = new FanOut(1, () => undefined);
  const place = fanOut.admit('stream', { to: to('a'), depth: 0 });
  place.release();
  place.release();
  const next = fanOut.admit('stream', { to: to('b'), depth: 0 });
  place.release();
  expect(fullError(fanOut).holders).toEqual([]);
  next.release();
  // Other streams have places of their own.
  fanOut.admit('stream', { to: to('c'), depth: 0 });
  fanOut.admit('other', { to: to('c'), depth: 0 });
});

test('into another region a stream is sent once, and then to who insists', () => {
  const regions: Record<string, string> = { us1: 'us', us2: 'us', us3: 'us', ap1: 'ap' };
  const fanOut = new FanOut(10, (nodeId) => regions[nodeId]);
  const coming = fanOut.admit('stream', { to: to('us1'), depth: 0 });
  // Nobody there has it yet.
  fanOut.admit('stream', { to: to('us2'), depth: 0 }).release();
  fanOut.admit('stream', { to: to('eu1'), depth: 0 }).taken();
  coming.taken();
  expect(fullError(fanOut, 'us2').holders).toEqual([to('us1')]);
  for (const nodeId of ['ap1', 'eu2']) fanOut.admit('stream', { to: to(nodeId), depth: 0 });
  // Another router of the node that has it.
  fanOut.admit('stream', { to: { nodeId: 'us1', routerId: 'other' }, depth: 0 });
  fanOut.admit('stream', { to: to('us2'), depth: 0, insists: true }).taken();
  expect(fullError(fanOut, 'us3').holders).toEqual([to('us1'), to('us2')]);
  // Who has it from elsewhere passes it on to whoever asks.
  fanOut.admit('passed on', { to: to('us1'), depth: 1 }).taken();
  fanOut.admit('passed on', { to: to('us2'), depth: 1 });
});

function fullError(fanOut: FanOut, nodeId = 'late'): PipeFullError {
  try {
    fanOut.admit('stream', { to: to(nodeId), depth: 0 });
  } catch (error) {
    if (error instanceof PipeFullError) return error;
    throw error;
  }
  throw new Error('admitted');
}
