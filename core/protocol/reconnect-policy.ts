import type { RandomSource } from '../clock';
import type { RoomPlacementChanged } from './fleet-extensions';

/** What the policy looks at in a client's own error. */
export interface ReconnectError {
  /** Of the registry, or a client's own. */
  readonly code: string;
  /** Whether the same call may succeed later without a change. */
  readonly retriable: boolean;
  /** When to try again, milliseconds; undefined when the server said nothing. */
  readonly retryAfterMs: number | undefined;
}

/** Why the client needs a new connection. */
export type ReconnectTrigger<E extends ReconnectError = ReconnectError> =
  /** The socket went, or an attempt did not get through. */
  | { kind: 'lost'; error: E }
  /** The gateway stops; the session goes on elsewhere. */
  | { kind: 'gateway-closing'; retryAfterMs: number }
  /** The room moves or its node is gone: the session ends. */
  | ({ kind: 'placement-changed' } & RoomPlacementChanged)
  /** The server's word against this peer: `connectionRefused`, or a failed join. */
  | {
      kind: 'refused';
      error: E;
      /** What the application is told, where that says more than the refusal. @default error */
      reason?: E;
    }
  /** ICE can't be restored although signalling works: only new transports help. */
  | { kind: 'media-lost' };

export interface ReconnectSituation {
  trigger: ReconnectTrigger;
  /** 1 for the first attempt since the client was last connected. */
  attempt: number;
  /** Milliseconds since the client was last connected. */
  elapsedMs: number;
  /** Milliseconds for which the server still keeps the session; 0 when there is none to resume. */
  graceLeftMs: number;
  /** Milliseconds after which the client gives up. */
  giveUpAfterMs: number;
  /** Attempts after which the client gives up; Infinity once it was connected. */
  maxAttempts: number;
  /** True when each new session gets a new token, so that an expired one is no end. */
  freshToken: boolean;
}

export type ReconnectPlan =
  /** `reopen`: a rejoin over the connection that there is. */
  | { action: 'resume' | 'rejoin' | 'reopen'; delayMs: number }
  /** `error` is what the client fails with. */
  | { action: 'fail'; reason: 'refused' | 'gave-up' };

/** Windows of the first three attempts after a loss, milliseconds: at once, but not all clients together. */
const LOSS_WINDOWS_MS: readonly (readonly [number, number])[] = [
  [0, 500],
  [500, 1_000],
  [1_000, 2_000],
];
/** From the fourth attempt on, and where the server named no time. */
const FALLBACK_WINDOW_MS = [3_000, 5_000] as const;
/** A planned move that the server named no time for: spreads a node's clients (docs/architecture.md §6). */
const PLANNED_WINDOW_MS = [1_000, 5_000] as const;
/** Added to the server's times: clients told the same time don't come in the same instant. */
const SPREAD = 0.2;

/** Refusals that say that the session, or its media node, is no more. */
const SESSION_ENDED = new Set([
  'FLEET_ERR_SESSION_GONE',
  'FLEET_ERR_ROOM_MOVED',
  'FLEET_ERR_WORKER_DIED',
  'FLEET_ERR_NOT_FOUND',
]);

/** When and how to connect again. Pure: the same situation and random number give the same plan. */
export function planReconnect(situation: ReconnectSituation, random: RandomSource): ReconnectPlan {
  const { trigger, attempt, elapsedMs, giveUpAfterMs, graceLeftMs, freshToken, maxAttempts } = situation;
  const after = (delayMs: number, resumable: boolean): ReconnectPlan => {
    const delay = Math.round(delayMs);
    if (attempt > maxAttempts || elapsedMs + delay > giveUpAfterMs)
      return { action: 'fail', reason: 'gave-up' };
    return { action: resumable && graceLeftMs > delay ? 'resume' : 'rejoin', delayMs: delay };
  };

  switch (trigger.kind) {
    case 'gateway-closing':
      return after(serverTime(trigger.retryAfterMs, PLANNED_WINDOW_MS, random), true);
    case 'placement-changed':
      return reopening(trigger, after(serverTime(trigger.retryAfterMs, PLANNED_WINDOW_MS, random), false));
    case 'media-lost':
      return after(within(LOSS_WINDOWS_MS[attempt - 1] ?? FALLBACK_WINDOW_MS, random), false);
    case 'lost':
      return after(
        trigger.error.retryAfterMs === undefined
          ? within(LOSS_WINDOWS_MS[attempt - 1] ?? FALLBACK_WINDOW_MS, random)
          : serverTime(trigger.error.retryAfterMs, FALLBACK_WINDOW_MS, random),
        true,
      );
    case 'refused': {
      const { code, retriable, retryAfterMs } = trigger.error;
      if (code === 'FLEET_ERR_SESSION_GONE') {
        if (retryAfterMs) return after(serverTime(retryAfterMs, FALLBACK_WINDOW_MS, random), false);
        return after(within(LOSS_WINDOWS_MS[attempt - 1] ?? FALLBACK_WINDOW_MS, random), false);
      }
      // A token that ran out during the call: once with a new one, then it is final.
      if (code === 'FLEET_ERR_TOKEN_EXPIRED' && freshToken && attempt === 1) return after(0, false);
      if (!retriable) return { action: 'fail', reason: 'refused' };
      return after(serverTime(retryAfterMs ?? 0, FALLBACK_WINDOW_MS, random), !SESSION_ENDED.has(code));
    }
  }
}

function reopening({ reopen }: Pick<RoomPlacementChanged, 'reopen'>, plan: ReconnectPlan): ReconnectPlan {
  return reopen && plan.action === 'rejoin' ? { ...plan, action: 'reopen' } : plan;
}

function within([from, to]: readonly [number, number], random: RandomSource): number {
  return from + random() * (to - from);
}

function serverTime(retryAfterMs: number, fallback: readonly [number, number], random: RandomSource): number {
  return retryAfterMs > 0 ? retryAfterMs * (1 + SPREAD * random()) : within(fallback, random);
}
