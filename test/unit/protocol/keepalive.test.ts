import { Keepalive } from '../../../core/protocol/keepalive';
import { ManualClock } from '../../helpers/manual-clock';

function setUp() {
  const clock = new ManualClock();
  const seen = { pings: 0, lost: 0 };
  const keepalive = new Keepalive({
    clock,
    ping: () => (seen.pings += 1),
    onLost: () => (seen.lost += 1),
  });
  const hear = (isAnswer = false) => keepalive.heard({ isAnswer });
  return { clock, seen, keepalive, hear };
}

test('a connection that is silent for 5 s is asked, and lost after 4 s more', async () => {
  const { clock, seen } = setUp();
  await clock.advance(4_999);
  expect(seen.pings).toBe(0);
  await clock.advance(1);
  expect(seen).toEqual({ pings: 1, lost: 0 });
  await clock.advance(3_999);
  expect(seen.lost).toBe(0);
  await clock.advance(1);
  expect(seen).toEqual({ pings: 1, lost: 1 });
});

test('whatever comes is a sign of life', async () => {
  const { clock, seen, hear } = setUp();
  await clock.advance(5_000);
  hear();
  await clock.advance(5_000);
  expect(seen).toEqual({ pings: 2, lost: 0 });
});

test('in doubt it is asked at once, and once', async () => {
  const { clock, seen, keepalive } = setUp();
  await clock.advance(1);
  keepalive.check();
  await clock.advance(1_000);
  keepalive.check();
  await clock.advance(1_000);
  expect(seen).toEqual({ pings: 1, lost: 1 });
});

test('in doubt it waits no longer though it was asked before', async () => {
  const { clock, seen, keepalive } = setUp();
  await clock.advance(5_500);
  keepalive.check();
  await clock.advance(2_000);
  expect(seen).toEqual({ pings: 2, lost: 1 });
});

test('where another one would do as well only the answer counts, and not what was held up on the way', async () => {
  const held = setUp();
  await held.clock.advance(5_000);
  held.keepalive.checkOrReplace();
  // A message from before, and the answer to the first question.
  held.hear();
  held.hear(true);
  held.keepalive.check();
  await held.clock.advance(1_000);
  expect(held.seen).toEqual({ pings: 2, lost: 1 });

  const alive = setUp();
  alive.keepalive.checkOrReplace();
  await alive.clock.advance(900);
  alive.hear(true);
  await alive.clock.advance(1_000);
  expect(alive.seen).toEqual({ pings: 1, lost: 0 });
});

test('closed, it asks no more', async () => {
  const { clock, seen, keepalive } = setUp();
  keepalive.check();
  keepalive.close();
  await clock.advance(20_000);
  expect(seen).toEqual({ pings: 1, lost: 0 });
});
