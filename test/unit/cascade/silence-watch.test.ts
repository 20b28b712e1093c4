import { SilenceWatch } from '../../../node-app/media/cascade/silence-watch';
import { SilentNodes } from '../../../node-app/media/cascade/silent-nodes';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { testLogger } from '../../helpers/media-node';

function watch() {
  const clock = new ManualClock();
  const lane = { wanted: true, received: 0, sent: 0, asked: 0, fails: false, silences: 0 };
  const silence = new SilenceWatch({
    isWanted: () => lane.wanted,
    received: () => Promise.resolve(lane.received),
    sent: () => {
      lane.asked += 1;
      return lane.fails ? Promise.reject(new Error('no answer')) : Promise.resolve(lane.sent);
    },
    onSilent: () => (lane.silences += 1),
    clock,
    logger: testLogger,
  });
  return { clock, lane, silence };
}

test('a lane through which nothing of what is sent ever comes is found in 5 s', async () => {
  const { clock, lane, silence } = watch();
  silence.review();
  lane.sent = 100;
  await clock.advance(4_900);
  expect(lane.silences).toBe(0);
  await clock.advance(200);
  expect(lane.silences).toBe(1);
  await clock.advance(60_000);
  expect(lane.silences).toBe(1);
  expect(clock.waiting).toBe(0);
});

test('a lane whose source sends nothing is left alone', async () => {
  const { clock, lane, silence } = watch();
  silence.review();
  await clock.advance(60_000);
  expect(lane.asked).toBeGreaterThan(5);
  expect(lane.silences).toBe(0);
});

test('what was sent a moment ago may still be on its way', async () => {
  const { clock, lane, silence } = watch();
  silence.review();
  lane.sent = 100;
  await clock.advance(4_500);
  lane.received = 100;
  await clock.advance(20_000);
  expect(lane.silences).toBe(0);
});

test('a lane that has carried something and then carries nothing is found as well', async () => {
  const { clock, lane, silence } = watch();
  silence.review();
  for (let second = 0; second < 10; second += 1) {
    lane.sent += 100;
    lane.received += 90;
    await clock.advance(1_000);
  }
  expect(lane.asked).toBe(0);
  for (let second = 0; second < 15; second += 1) {
    lane.sent += 100;
    await clock.advance(1_000);
  }
  expect(lane.silences).toBe(1);
});

test('what nobody wants isn’t looked for, and a source that doesn’t answer is asked again', async () => {
  const { clock, lane, silence } = watch();
  lane.wanted = false;
  silence.review();
  expect(clock.waiting).toBe(0);
  lane.wanted = true;
  lane.fails = true;
  silence.review();
  await clock.advance(10_000);
  expect(lane.asked).toBeGreaterThan(1);
  expect(lane.silences).toBe(0);
  silence.close();
  expect(clock.waiting).toBe(0);
});

test('a node whose pipes carry nothing is waited for twice as long each time, up to half a minute', async () => {
  const clock = new ManualClock();
  const nodes = new SilentNodes(clock);
  const waits: number[] = [];
  for (let times = 0; times < 7; times += 1) {
    nodes.add('a');
    const startedMs = clock.monotonicMs();
    let over = false;
    void nodes.wait('a').then(() => (over = true));
    await settle();
    while (!over) await clock.advance(500);
    waits.push(clock.monotonicMs() - startedMs);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect([...nodes.nodeIds]).toEqual(['a']);
  await nodes.wait('b');
  await clock.advance(200_000);
  expect([...nodes.nodeIds]).toEqual([]);
  await nodes.wait('a');
});
