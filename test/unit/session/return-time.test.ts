import { resumeRetryMs, ReturnPacer } from '../../../core/session/return-time';

describe('the time to come back', () => {
  const pacer = (joinsPerSecond: number, random = () => 0) => new ReturnPacer({ joinsPerSecond, random });

  test('peers that lose their room together come back one after the other at the rate, after those of half a second', () => {
    const paced = pacer(40);
    const times = Array.from({ length: 421 }, () => paced.nextRetryMs(1_000));
    expect(times.slice(0, 24)).toEqual([...Array.from({ length: 21 }, () => 1), 25, 50, 75]);
    expect(times.at(-1)).toBe(10_000);
  });

  test('a small room is back at once, and not in the same moment through all gateways', () => {
    const times = [0, 0.5, 0.999].map((random) => pacer(40, () => random).nextRetryMs(0));
    expect(times).toEqual([1, 25, 49]);
  });

  test('a loss slows down another that comes before it is over, and none after it', () => {
    const paced = pacer(10);
    for (let i = 0; i < 16; i += 1) paced.nextRetryMs(0);
    expect(paced.nextRetryMs(500)).toBe(600);
    expect(paced.nextRetryMs(60_000)).toBe(1);
  });

  test('a session is always resumed before its grace is over, however many are', () => {
    const latest = (clients: number) =>
      resumeRetryMs({ clients, graceMs: 15_000, joinsPerSecond: 40 }, () => 0.999_999);
    expect(latest(1)).toBe(499);
    expect(latest(200)).toBe(4_999);
    expect(latest(20_000)).toBe(7_499);
  });
});
