import { retryDelayMs } from '../../../node-app/webhooks/retry-delay';

const delay = (failedAttempts: number, random: number, askedMs?: number) =>
  retryDelayMs({ failedAttempts, askedMs, random: () => random });

describe('the delay before a webhook is tried again', () => {
  it('doubles from one second to five minutes, half of it random', () => {
    expect([1, 2, 3, 4, 9, 10, 1_000].map((attempts) => delay(attempts, 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000,
    ]);
    expect(delay(3, 0)).toBe(2_000);
  });

  it('is at least what the receiver asked for, within the same limit', () => {
    expect(delay(1, 0, 60_000)).toBe(60_000);
    expect(delay(10, 1, 60_000)).toBe(300_000);
    expect(delay(1, 0, 1e12)).toBe(300_000);
  });
});
