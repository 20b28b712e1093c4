import { FleetClientError } from '../../../web/sdk/errors';
import {
  planReconnect,
  type ReconnectSituation,
  type ReconnectTrigger,
} from '../../../core/protocol/reconnect-policy';

const LOST: ReconnectTrigger = {
  kind: 'lost',
  error: new FleetClientError('CONNECTION_LOST', 'gone', { retriable: true }),
};

function refused(code: string, options: { retriable: boolean; retryAfterMs?: number }): ReconnectTrigger {
  return { kind: 'refused', error: new FleetClientError(code, 'no', options) };
}

function plan(trigger: ReconnectTrigger, overrides: Partial<ReconnectSituation> = {}, random = 0.5) {
  return planReconnect(
    {
      trigger,
      attempt: 1,
      elapsedMs: 0,
      graceLeftMs: 15_000,
      giveUpAfterMs: 300_000,
      maxAttempts: Infinity,
      freshToken: false,
      ...overrides,
    },
    () => random,
  );
}

/** The earliest and the latest that a plan can be for. */
function window(trigger: ReconnectTrigger, overrides: Partial<ReconnectSituation> = {}) {
  return [0, 0.999_999].map((random) => {
    const made = plan(trigger, overrides, random);
    return made.action === 'fail' ? made.reason : made.delayMs;
  });
}

describe('planReconnect', () => {
  it('resumes a lost connection almost at once, then more slowly, then every 3 to 5 s', () => {
    expect(window(LOST, { attempt: 1 })).toEqual([0, 500]);
    expect(window(LOST, { attempt: 2 })).toEqual([500, 1_000]);
    expect(window(LOST, { attempt: 3 })).toEqual([1_000, 2_000]);
    expect(window(LOST, { attempt: 4 })).toEqual([3_000, 5_000]);
    expect(window(LOST, { attempt: 40 })).toEqual([3_000, 5_000]);
    expect(plan(LOST)).toEqual({ action: 'resume', delayMs: 250 });
  });

  it('joins anew when the time of grace is over before the attempt', () => {
    expect(plan(LOST, { attempt: 4, graceLeftMs: 3_999 })).toEqual({ action: 'rejoin', delayMs: 4_000 });
    expect(plan(LOST, { attempt: 4, graceLeftMs: 4_001 })).toEqual({ action: 'resume', delayMs: 4_000 });
    expect(plan(LOST, { graceLeftMs: 0 }).action).toBe('rejoin');
  });

  it('gives up once the time would be over', () => {
    expect(plan(LOST, { attempt: 9, elapsedMs: 297_000 })).toEqual({ action: 'fail', reason: 'gave-up' });
    expect(plan(LOST, { attempt: 9, elapsedMs: 295_000 }).action).not.toBe('fail');
  });

  it('stops a join after its attempts', () => {
    expect(plan(LOST, { attempt: 2, maxAttempts: 2 }).action).not.toBe('fail');
    expect(plan(LOST, { attempt: 3, maxAttempts: 2 })).toEqual({ action: 'fail', reason: 'gave-up' });
  });

  it("takes the server's time for a planned move, a little spread", () => {
    expect(window({ kind: 'gateway-closing', retryAfterMs: 2_000 })).toEqual([2_000, 2_400]);
    expect(window({ kind: 'placement-changed', reason: 'moved', retryAfterMs: 10_000 })).toEqual([
      10_000, 12_000,
    ]);
  });

  it('spreads a planned move over 1 to 5 s when the server names no time', () => {
    expect(window({ kind: 'gateway-closing', retryAfterMs: 0 })).toEqual([1_000, 5_000]);
    expect(window({ kind: 'placement-changed', reason: 'moved', retryAfterMs: 0 })).toEqual([1_000, 5_000]);
  });

  it('resumes after a gateway closed, and joins anew after the placement changed', () => {
    expect(plan({ kind: 'gateway-closing', retryAfterMs: 0 }).action).toBe('resume');
    expect(plan({ kind: 'placement-changed', reason: 'moved', retryAfterMs: 0 }).action).toBe('rejoin');
    const staying = { reason: 'worker-died', retryAfterMs: 0, reopen: true } as const;
    expect(plan({ kind: 'placement-changed', ...staying }).action).toBe('reopen');
    expect(plan({ kind: 'media-lost' }).action).toBe('rejoin');
  });

  it('honours the time of a retriable refusal, else waits 3 to 5 s', () => {
    const noCapacity = (retryAfterMs?: number) =>
      refused('FLEET_ERR_NO_CAPACITY', { retriable: true, ...(retryAfterMs && { retryAfterMs }) });
    expect(window(noCapacity(20_000))).toEqual([20_000, 24_000]);
    expect(window(noCapacity())).toEqual([3_000, 5_000]);
  });

  it('fails at once on a final refusal', () => {
    const forbidden = refused('FLEET_ERR_PEER_REMOVED', { retriable: false });
    expect(plan(forbidden)).toEqual({ action: 'fail', reason: 'refused' });
  });

  it('joins anew when the session is gone, though resuming it is final', () => {
    expect(plan(refused('FLEET_ERR_SESSION_GONE', { retriable: false }))).toEqual({
      action: 'rejoin',
      delayMs: 250,
    });
    expect(plan(refused('FLEET_ERR_ROOM_MOVED', { retriable: true, retryAfterMs: 100 })).action).toBe(
      'rejoin',
    );
  });

  it('gets a new token once when the old one ran out, if it can', () => {
    const expired = refused('FLEET_ERR_TOKEN_EXPIRED', { retriable: false });
    expect(plan(expired, { freshToken: true })).toEqual({ action: 'rejoin', delayMs: 0 });
    expect(plan(expired, { freshToken: true, attempt: 2 }).action).toBe('fail');
    expect(plan(expired).action).toBe('fail');
  });
});
