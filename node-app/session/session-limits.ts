import { DEFAULT_REPLAY_LIMITS, type ReplayBufferLimits } from '../../core/session/replay-buffer';
import { DEFAULT_LEDGER_LIMITS, type RequestLedgerLimits } from '../../core/session/request-ledger';

export interface SessionLimits {
  /** How long a session outlives its connection, milliseconds. */
  graceMs: number;
  /** A request to the client that is not answered in this time fails, milliseconds of attached time. */
  serverRequestTimeoutMs: number;
  /** Requests to the client that may wait for an answer at the same time. */
  maxPendingServerRequests: number;
  replay: ReplayBufferLimits;
  ledger: RequestLedgerLimits;
}

/** 15 s: a phone that changes from Wi-Fi to mobile data is back in 2 to 10. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  graceMs: 15_000,
  serverRequestTimeoutMs: 15_000,
  maxPendingServerRequests: 5_000,
  replay: DEFAULT_REPLAY_LIMITS,
  ledger: DEFAULT_LEDGER_LIMITS,
};
