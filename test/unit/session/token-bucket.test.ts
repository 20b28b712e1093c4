import { TokenBucket } from '../../../core/session/token-bucket';

describe('token bucket', () => {
  test('gives the burst, then the rate', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect([1, 2, 3, 4].map(() => bucket.take(1, 0))).toEqual([true, true, true, false]);
    expect(bucket.take(1, 99)).toBe(false);
    expect(bucket.take(1, 100)).toBe(true);
  });

  test('saves up no more than the burst', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect(bucket.take(4, 60_000)).toBe(false);
    expect(bucket.take(3, 60_000)).toBe(true);
  });

  test('a clock that stands still or goes back gives nothing', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 1_000);
    bucket.take(1, 1_000);
    expect(bucket.take(1, 0)).toBe(false);
    expect(bucket.take(1, 1_000)).toBe(false);
  });
});
