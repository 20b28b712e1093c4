import { judgeFanOut } from '../../../core/cascade/fan-out';
import { FanOut } from '../../../node-app/media/cascade/fan-out';
import { PipeFullError } from '../../../node-app/media/cascade/pipe-full-error';

const to = (nodeId: string) => ({ nodeId, routerId: `r${nodeId}` });

test('a node sends a stream to as many others as it may', () => {
  expect(judgeFanOut({ depth: 0, served: 9, limit: 10 })).toEqual({ serves: true });
  expect(judgeFanOut({ depth: 0, served: 10, limit: 10 })).toEqual({ serves: false, namesHolders: true });
});

test('a stream takes two steps beyond its publisher’s node, and only the first ones are named', () => {
  expect(judgeFanOut({ depth: 1, served: 0, limit: 10 })).toEqual({ serves: true });
  expect(judgeFanOut({ depth: 1, served: 10, limit: 10 })).toEqual({ serves: false, namesHolders: false });
  expect(judgeFanOut({ depth: 2, served: 0, limit: 10 })).toEqual({ serves: false, namesHolders: false });
});

test('those who have the stream are named, not those who will', () => {
  const fanOut = new FanOut(2);
  fanOut.admit('stream', to('a'), 0).taken();
  const coming = fanOut.admit('stream', to('b'), 0);
  expect(fullError(fanOut).holders).toEqual([to('a')]);
  coming.taken();
  expect(fullError(fanOut).holders).toEqual([to('a'), to('b')]);
});

test('a place that is given up goes to the next, once', () => {
  const fanOut = new FanOut(1);
  const place = fanOut.admit('stream', to('a'), 0);
  place.release();
  place.release();
  const next = fanOut.admit('stream', to('b'), 0);
  place.release();
  expect(fullError(fanOut).holders).toEqual([]);
  next.release();
  // Other streams have places of their own.
  fanOut.admit('stream', to('c'), 0);
  fanOut.admit('other', to('c'), 0);
});

function fullError(fanOut: FanOut): PipeFullError {
  try {
    fanOut.admit('stream', to('late'), 0);
  } catch (error) {
    if (error instanceof PipeFullError) return error;
    throw error;
  }
  throw new Error('admitted');
}
