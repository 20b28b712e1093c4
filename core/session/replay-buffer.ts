import type { ProtooMessage } from '../protocol/protoo';

export interface ReplayBufferLimits {
  /** Unacknowledged messages kept. */
  maxMessages: number;
  /** Their JSON together, in UTF-16 code units (close to bytes, as the messages are nearly all ASCII). */
  maxBytes: number;
}

/** 500 messages are what a peer receives when it joins a room of about 200; 1 MiB bounds a session's memory. */
export const DEFAULT_REPLAY_LIMITS: ReplayBufferLimits = { maxMessages: 500, maxBytes: 1024 * 1024 };

export interface ReplayedMessage {
  seq: number;
  message: ProtooMessage;
}

/**
 * Numbers the messages to a client and keeps those it has not acknowledged, so that they can be sent again
 * after its connection was lost. When full it forgets the oldest: the session goes on, but a client that
 * misses one of the forgotten can't resume any more.
 */
export class ReplayBuffer {
  private readonly entries: { seq: number; json: string }[] = [];
  private lastSeqGiven = 0;
  private bytes = 0;

  constructor(private readonly limits: ReplayBufferLimits = DEFAULT_REPLAY_LIMITS) {}

  /** The `seq` of the newest message, 0 before the first. */
  get lastSeq(): number {
    return this.lastSeqGiven;
  }

  get size(): number {
    return this.entries.length;
  }

  /** Gives the message its `seq`. What is kept is a copy: the caller may change its object afterwards. */
  append(message: ProtooMessage): number {
    const json = JSON.stringify(message);
    this.lastSeqGiven += 1;
    this.entries.push({ seq: this.lastSeqGiven, json });
    this.bytes += json.length;
    while (
      this.entries.length > 0 &&
      (this.entries.length > this.limits.maxMessages || this.bytes > this.limits.maxBytes)
    ) {
      this.dropOldest();
    }
    return this.lastSeqGiven;
  }

  /** Forgets everything up to `seq`. A number that was never given, or is old, changes nothing else. */
  acknowledge(seq: number): void {
    while (this.entries.length > 0 && this.entries[0]!.seq <= seq) this.dropOldest();
  }

  /**
   * Everything after `lastSeq`, in order, or undefined when that can't be given without a gap: messages after
   * it are forgotten, or it was never reached.
   */
  after(lastSeq: number): ReplayedMessage[] | undefined {
    if (lastSeq > this.lastSeqGiven) return undefined;
    const firstKept = this.entries[0]?.seq ?? this.lastSeqGiven + 1;
    if (lastSeq + 1 < firstKept) return undefined;
    return this.entries
      .filter((entry) => entry.seq > lastSeq)
      .map((entry) => ({ seq: entry.seq, message: JSON.parse(entry.json) as ProtooMessage }));
  }

  private dropOldest(): void {
    const entry = this.entries.shift();
    if (entry) this.bytes -= entry.json.length;
  }
}
