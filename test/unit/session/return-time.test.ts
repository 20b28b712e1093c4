import { resumeRetryMs, ReturnPacer } from '../../../core/session/return-time';

describe('the time to come back', () => {
  const pacer = (joinsPerSecond: number, random = () => 0) => new ReturnPacer({ joinsPerSecond, random });

  test('peers that lose their room together come back one after the other at the rate', () => {
    const paced = pacer(40);
    const times = Array.from({ length: 401 }, () => paced.nextRetryMs(1_000));
    expect(times.slice(0, 3)).toEqual([0, 25, 50]);
    expect(times.at(-1)).toBe(10_000);
  });

  test('a small room is back within half a second and a little', () => {
    const paced = pacer(40, () => 0.999);
    const times = Array.from({ length: 4 }, () => paced.nextRetryMs(0));
    expect(Math.max(...times)).toBeLessThan(600);
  });

  test('a loss does not slow down another that comes when it is over', () => {
    const paced = pacer(10);
    for (let i = 0; i < 10; i += 1) paced.nextRetryMs(0);
    expect(paced.nextRetryMs(500)).toBe(500);
    expect(paced.nextRetryMs(60_000)).toBe(0);
  });

  test('a session is always resumed before its grace is over, however many are', () => {
    const latest = (clients: number) =>
      resumeRetryMs({ clients, graceMs: 15_000, joinsPerSecond: 40 }, () => 0.999_999);
    expect(latest(1)).toBe(499);
    expect(latest(200)).toBe(4_999);
    expect(latest(20_000)).toBe(7_499);
  });
});
