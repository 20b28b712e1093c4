import { MAX_LINK_FRAME_BYTES, type Upstream } from '../protocol/link';

export interface UpstreamQueueLimits {
  maxMessages: number;
  /** Their JSON together, bytes. */
  maxBytes: number;
}

/** A client's rate limit lets through less than this in the seconds in which a link is re-established. */
export const DEFAULT_UPSTREAM_LIMITS: UpstreamQueueLimits = { maxMessages: 2_000, maxBytes: 4 * 1024 * 1024 };

/** One message's JSON, bytes: what fits a frame of the link with its envelope. */
const MAX_MESSAGE_BYTES = MAX_LINK_FRAME_BYTES - 1_024;

export type PushRefusal = 'full' | 'too-large';

export interface QueuedUpstream {
  upSeq: number;
  body: Upstream;
}

/** What a gateway passed on for a client and the media node has not confirmed: sent again on a new link. */
export class UpstreamQueue {
  private readonly entries: (QueuedUpstream & { bytes: number })[] = [];
  private lastUpSeq = 0;
  private bytes = 0;

  constructor(private readonly limits: UpstreamQueueLimits = DEFAULT_UPSTREAM_LIMITS) {}

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** Numbers and keeps it, or says why not. Endings always find room. */
  push(body: Upstream): QueuedUpstream | PushRefusal {
    const bytes = body.kind === 'message' ? Buffer.byteLength(JSON.stringify(body.message)) : 0;
    if (bytes > MAX_MESSAGE_BYTES) return 'too-large';
    const full = this.entries.length >= this.limits.maxMessages || this.bytes + bytes > this.limits.maxBytes;
    if (full && body.kind === 'message') return 'full';
    this.lastUpSeq += 1;
    const entry = { upSeq: this.lastUpSeq, body, bytes };
    this.entries.push(entry);
    this.bytes += bytes;
    return entry;
  }

  acknowledge(upSeq: number): void {
    while (this.entries.length > 0 && this.entries[0]!.upSeq <= upSeq) {
      this.bytes -= this.entries.shift()!.bytes;
    }
  }

  /** What is not confirmed, in order. */
  pending(): QueuedUpstream[] {
    return this.entries.map(({ upSeq, body }) => ({ upSeq, body }));
  }
}
