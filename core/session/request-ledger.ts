export interface RequestLedgerLimits {
  /** Answered requests remembered; older ones are forgotten first. */
  maxAnswered: number;
  /** Requests that may wait for their answer at the same time. */
  maxPending: number;
}

export const DEFAULT_LEDGER_LIMITS: RequestLedgerLimits = { maxAnswered: 500, maxPending: 256 };

export type LedgerVerdict =
  /** Seen for the first time: execute it, then call `finish`. */
  | 'execute'
  /** The same request is being executed: its answer will come. */
  | 'pending'
  /** It was executed: the client has the answer, or gets it from the replay of what it missed. */
  | 'answered'
  /** Too many requests wait for an answer. */
  | 'too-many';

/**
 * Remembers a client's recent requests by id, so that one that the client sends again after it resumed (it
 * can't know whether the first arrived) is never executed twice. Answers are not kept here: they are in the
 * replay buffer for exactly as long as the client may miss them.
 */
export class RequestLedger {
  private readonly pending = new Map<number, string>();
  private readonly answered = new Map<number, string>();

  constructor(private readonly limits: RequestLedgerLimits = DEFAULT_LEDGER_LIMITS) {}

  begin(id: number, method: string): LedgerVerdict {
    if (this.pending.has(id)) return 'pending';
    // Another method under the same id is another request: ids of some clients are random and may meet again.
    if (this.answered.get(id) === method) return 'answered';
    if (this.pending.size >= this.limits.maxPending) return 'too-many';
    this.pending.set(id, method);
    return 'execute';
  }

  /** The request was answered. */
  finish(id: number): void {
    const method = this.pending.get(id);
    if (method === undefined) return;
    this.pending.delete(id);
    this.answered.delete(id);
    this.answered.set(id, method);
    while (this.answered.size > this.limits.maxAnswered) {
      const oldest = this.answered.keys().next().value;
      if (oldest === undefined) break;
      this.answered.delete(oldest);
    }
  }
}
