import { formatClockSpeed, parseClockSpeed, ScaledClock } from '../../../core/scaled-clock';
import { CloudClock } from '../../../local/cloud/cloud-clock';
import { ManualClock } from '../../helpers/manual-clock';

describe('a scaled clock', () => {
  test('two that share speed and origin show the same, whenever they were made', async () => {
    const real = new ManualClock();
    const scale = { speed: 60, originMs: real.nowMs() };
    const early = new ScaledClock(real, scale);
    await real.advance(1_000);
    const late = new ScaledClock(real, scale);
    expect(early.nowMs()).toBe(scale.originMs + 60_000);
    expect(late.nowMs()).toBe(early.nowMs());
  });

  test('timers and durations are on its own time', async () => {
    const real = new ManualClock();
    const clock = new ScaledClock(real, { speed: 10, originMs: real.nowMs() });
    const ran: string[] = [];
    clock.setTimer(5_000, () => ran.push('once'));
    const repeating = clock.setRepeating(2_000, () => ran.push('again'));
    const beganMs = clock.monotonicMs();
    await real.advance(500);
    expect(ran).toEqual(['again', 'again', 'once']);
    expect(clock.monotonicMs() - beganMs).toBe(5_000);
    repeating.cancel();
    await real.advance(5_000);
    expect(ran).toHaveLength(3);
  });

  test('goes through an environment variable', () => {
    const scale = { speed: 2.5, originMs: 1_790_000_000_000 };
    expect(parseClockSpeed(formatClockSpeed(scale))).toEqual(scale);
  });

  test.each(['', '10', '@1', '0@1', '-1@1', '10@', '10@x', '1e3@1', '99999@1', '10@1 '])(
    '%j is no clock',
    (text) => {
      expect(parseClockSpeed(text)).toBeUndefined();
    },
  );
});

describe("the cloud's clock", () => {
  test('runs what falls due in the order of its due times, however late it is woken', async () => {
    const real = new ManualClock();
    const cloud = new CloudClock(new ScaledClock(real, { speed: 1_000, originMs: real.nowMs() }));
    const ran: [string, number][] = [];
    const beganMs = cloud.nowMs();
    const note = (name: string) => () => ran.push([name, Math.round(cloud.nowMs() - beganMs)]);
    cloud.setTimer(900, note('last'));
    cloud.setTimer(300, () => {
      note('first')();
      // Set by a timer, due before others that wait.
      cloud.setTimer(100, note('second'));
      cloud.setTimer(0, note('at once'));
    });
    cloud.setTimer(500, note('third'));
    cloud.setTimer(500, note('of the same moment'));
    // All of it lies within one millisecond of real time.
    await real.advance(1);
    expect(ran).toEqual([
      ['first', 300],
      ['at once', 300],
      ['second', 400],
      ['third', 500],
      ['of the same moment', 500],
      ['last', 900],
    ]);
  });

  test('a repeating timer keeps its pace, and can end itself', async () => {
    const real = new ManualClock();
    const cloud = new CloudClock(real);
    let calls = 0;
    const timer = cloud.setRepeating(10, () => {
      calls += 1;
      if (calls === 3) timer.cancel();
    });
    await real.advance(1_000);
    expect(calls).toBe(3);
    expect(real.waiting).toBe(0);
  });

  test('a timer that throws does not stop the others', async () => {
    const real = new ManualClock();
    const cloud = new CloudClock(real);
    let ran = false;
    cloud.setTimer(1, () => {
      throw new Error('broken');
    });
    cloud.setTimer(2, () => (ran = true));
    await expect(real.advance(1)).rejects.toThrow('broken');
    await real.advance(5);
    expect(ran).toBe(true);
  });

  test('closed, it runs nothing more', async () => {
    const real = new ManualClock();
    const cloud = new CloudClock(real);
    cloud.setTimer(1, () => {
      throw new Error('must not run');
    });
    cloud.close();
    await real.advance(10);
    expect(real.waiting).toBe(0);
  });
});
