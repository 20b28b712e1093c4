import { PlayoutDelay } from '../../../web/sdk/subscribe/playout-delay';
import { ReceptionReader } from '../../../web/sdk/subscribe/reception-reader';
import { ManualClock } from '../../helpers/manual-clock';

function setUp() {
  const clock = new ManualClock();
  const targets: (number | null)[] = [];
  const track = { readyState: 'live' };
  const receiver = {
    track,
    set jitterBufferTarget(targetMs: number | null) {
      targets.push(targetMs);
    },
  } as unknown as RTCRtpReceiver;
  return { clock, targets, track, delay: new PlayoutDelay(receiver, clock) };
}

const picturesPerSecond = (delayMs: number | undefined) => ({ delayMs, pictureMs: 50 });

test('a stream plays a little later than the one that it follows, and no later than a second', () => {
  const { targets, delay } = setUp();
  delay.follow(picturesPerSecond(200));
  delay.follow(picturesPerSecond(undefined));
  delay.follow(picturesPerSecond(90));
  delay.follow(picturesPerSecond(5_000));
  expect(targets).toEqual([260, 150, 1_000]);
});

test('let go, it catches up by 5 % of the time, and the browser chooses in the end', async () => {
  const { clock, targets, delay } = setUp();
  delay.follow(picturesPerSecond(40));
  delay.letGo();
  await clock.advance(1_000);
  expect(targets.slice(0, 4)).toEqual([100, 95, 90, 85]);
  expect(targets.at(-1)).toBe(45);
  await clock.advance(1_000);
  expect(targets.at(-1)).toBeNull();
  expect(clock.waiting).toBe(0);
  // Too late to follow anything.
  delay.follow(picturesPerSecond(500));
  expect(targets.at(-1)).toBeNull();
});

test('one that never followed is left alone', async () => {
  const { clock, targets, delay } = setUp();
  delay.letGo();
  await clock.advance(1_000);
  expect(targets).toEqual([]);
});

test('without a receiver there is nothing to read and nothing to hold back', async () => {
  const clock = new ManualClock();
  const delay = new PlayoutDelay(undefined, clock);
  delay.follow(picturesPerSecond(100));
  delay.letGo();
  expect(clock.waiting).toBe(0);
  expect(await new ReceptionReader(undefined).read()).toEqual({ delayMs: undefined, pictureMs: undefined });
});

test('a stream that ends is let go at once', async () => {
  const { clock, targets, track, delay } = setUp();
  delay.follow(picturesPerSecond(500));
  delay.letGo();
  track.readyState = 'ended';
  await clock.advance(100);
  expect(targets.at(-1)).toBeNull();
  expect(clock.waiting).toBe(0);
});

describe('what a receiver reports', () => {
  const receiverOf = (...reports: (Record<string, unknown>[] | undefined)[]) =>
    ({
      getStats: async () => {
        const report = reports.shift();
        if (!report) throw new DOMException('closed', 'InvalidStateError');
        return new Map(report.map((entry, index) => [`${index}`, entry]));
      },
    }) as unknown as RTCRtpReceiver;
  const inbound = (seconds: number, emitted: number, framesPerSecond?: number) => ({
    type: 'inbound-rtp',
    jitterBufferDelay: seconds,
    jitterBufferEmittedCount: emitted,
    framesPerSecond,
  });

  test('is the delay of the whole stream at first, then of the time since', async () => {
    const other = { type: 'transport' };
    const reader = new ReceptionReader(receiverOf([other, inbound(10, 100, 20)], [inbound(12, 110, 20)]));
    expect(await reader.read()).toEqual({ delayMs: 100, pictureMs: 50 });
    expect(await reader.read()).toEqual({ delayMs: 200, pictureMs: 50 });
  });

  test('is nothing where nothing comes, or the receiver is gone', async () => {
    const reader = new ReceptionReader(receiverOf([inbound(10, 100)], [inbound(10, 100, 0)], [], undefined));
    expect(await reader.read()).toEqual({ delayMs: 100, pictureMs: undefined });
    for (let reading = 0; reading < 3; reading += 1) {
      expect(await reader.read()).toEqual({ delayMs: undefined, pictureMs: undefined });
    }
  });
});
