import { ReceptionWatch } from '../../../web/sdk/media/reception-watch';
import { ManualClock } from '../../helpers/manual-clock';

function setUp() {
  const clock = new ManualClock();
  const state: { newestAt: number | undefined; stopped: number } = { newestAt: undefined, stopped: 0 };
  const watch = new ReceptionWatch({
    clock,
    newestAt: () => state.newestAt,
    onStopped: () => (state.stopped += 1),
  });
  watch.start();
  /** Packets come all the while. */
  const receive = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      state.newestAt = (state.newestAt ?? 0) + 100;
      await clock.advance(100);
    }
  };
  return { clock, state, watch, receive };
}

test('media that stops is noticed within two seconds, once', async () => {
  const { clock, state, receive } = setUp();
  await receive(5_000);
  await clock.advance(1_000);
  expect(state.stopped).toBe(0);
  await clock.advance(1_000);
  expect(state.stopped).toBe(1);
  await clock.advance(60_000);
  expect(state.stopped).toBe(1);
});

test('media that stops again is noticed again', async () => {
  const { clock, state, receive } = setUp();
  await receive(1_000);
  await clock.advance(2_000);
  await receive(1_000);
  await clock.advance(2_000);
  expect(state.stopped).toBe(2);
});

test('where nothing should come, nothing has stopped', async () => {
  const { clock, state, receive } = setUp();
  await clock.advance(10_000);
  await receive(1_000);
  state.newestAt = undefined;
  await clock.advance(10_000);
  expect(state.stopped).toBe(0);
});

test('a watch that is closed says nothing', async () => {
  const { clock, state, watch, receive } = setUp();
  await receive(1_000);
  watch.close();
  await clock.advance(10_000);
  expect(state.stopped).toBe(0);
});
