export interface TokenBucketOptions {
  /** Tokens that come back each second. */
  perSecond: number;
  /** The most that can be saved up. */
  burst: number;
}

/** A rate limit with a burst. Time is passed in, milliseconds of a monotonic clock. */
export class TokenBucket {
  private tokens: number;
  private lastMs: number;

  constructor(
    private readonly options: TokenBucketOptions,
    nowMs: number,
  ) {
    this.tokens = options.burst;
    this.lastMs = nowMs;
  }

  /** Takes `cost` tokens, or none and answers false. */
  take(cost: number, nowMs: number): boolean {
    const refill = (Math.max(0, nowMs - this.lastMs) / 1000) * this.options.perSecond;
    this.tokens = Math.min(this.options.burst, this.tokens + refill);
    this.lastMs = Math.max(this.lastMs, nowMs);
    if (cost > this.tokens) return false;
    this.tokens -= cost;
    return true;
  }
}
