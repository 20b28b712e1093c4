import type { ProtooResponse } from '../protocol/protoo';

export interface RequestLedgerLimits {
  /** Answered requests remembered; older ones are forgotten first. */
  maxAnswered: number;
  /** Requests that may wait for their answer at the same time. */
  maxPending: number;
}

export const DEFAULT_LEDGER_LIMITS: RequestLedgerLimits = { maxAnswered: 500, maxPending: 256 };

export type LedgerVerdict =
  /** Seen for the first time: execute it, then call `answered`. */
  | { kind: 'execute' }
  /** The same request is being executed: its answer will come. */
  | { kind: 'pending' }
  /** It was executed. `response` is there unless the client acknowledged having it. */
  | { kind: 'answered'; seq: number; response: ProtooResponse | undefined }
  /** Too many requests wait for an answer. */
  | { kind: 'too-many' };

interface Answered {
  method: string;
  seq: number;
  response: ProtooResponse | undefined;
}

/**
 * Remembers a client's recent requests by id, so that one that the client sends again after it resumed (it
 * can't know whether the first arrived) is answered from here and never executed twice.
 */
export class RequestLedger {
  private readonly pending = new Map<number, string>();
  private readonly answered = new Map<number, Answered>();

  constructor(private readonly limits: RequestLedgerLimits = DEFAULT_LEDGER_LIMITS) {}

  get pendingCount(): number {
    return this.pending.size;
  }

  begin(id: number, method: string): LedgerVerdict {
    if (this.pending.has(id)) return { kind: 'pending' };
    const earlier = this.answered.get(id);
    // Another method under the same id is another request: ids of old clients are random and may meet again.
    if (earlier?.method === method) {
      return { kind: 'answered', seq: earlier.seq, response: earlier.response };
    }
    if (this.pending.size >= this.limits.maxPending) return { kind: 'too-many' };
    this.pending.set(id, method);
    return { kind: 'execute' };
  }

  /** `seq` is the number under which the response went to the client. */
  finish(response: ProtooResponse, seq: number): void {
    const method = this.pending.get(response.id);
    if (method === undefined) return;
    this.pending.delete(response.id);
    this.answered.delete(response.id);
    this.answered.set(response.id, { method, seq, response });
    while (this.answered.size > this.limits.maxAnswered) {
      const oldest = this.answered.keys().next().value;
      if (oldest === undefined) break;
      this.answered.delete(oldest);
    }
  }

  /** The client has everything up to `seq`: bodies of those responses are no longer needed, their ids are. */
  acknowledge(seq: number): void {
    for (const entry of this.answered.values()) {
      if (entry.seq > seq) break;
      entry.response = undefined;
    }
  }
}
