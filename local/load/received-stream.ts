import { ConsumerSequence, type ReceivedPacket } from './consumer-sequence';

/** What a subscriber got of one stream, over all the consumers that it had of it one after the other. */
export interface StreamFigures {
  packets: number;
  /** Of payload. */
  bytes: number;
  /** Sequence numbers that never came, after what was sent again. */
  lost: number;
  /** Times between two packets of more than 200 ms, and of more than a second. */
  gapsOver200Ms: number;
  gapsOver1s: number;
  /** Milliseconds. */
  longestGapMs: number;
}

const GAP_MS = 200;
const LONG_GAP_MS = 1_000;

/**
 * One stream of somebody else, as its subscriber sees it. A stream outlives its consumers, of which there are two while
 * somebody migrates: when a room is rebuilt elsewhere, the time without media counts as one gap.
 */
export class ReceivedStream {
  readonly figures: StreamFigures = {
    packets: 0,
    bytes: 0,
    lost: 0,
    gapsOver200Ms: 0,
    gapsOver1s: 0,
    longestGapMs: 0,
  };
  private newestMs: number | undefined;
  private expected = true;
  private readonly consumers = new Set<ConsumerSequence>();

  /**
   * @param clockRate Hz
   * @param flows whether it comes without a pause, so that a silence is a gap: of sound only the loudest comes
   */
  constructor(
    private readonly clockRate: number,
    private readonly flows: boolean,
  ) {}

  /** When its newest packet came, monotonic milliseconds; undefined: none has. */
  get lastPacketAtMs(): number | undefined {
    return this.newestMs;
  }

  /** One more consumer carries the stream from now on. */
  begin(ssrc: number): ConsumerSequence {
    const consumer = new ConsumerSequence(ssrc, this.clockRate);
    this.consumers.add(consumer);
    this.expected = true;
    return consumer;
  }

  /** A consumer is gone. Unless more is `expected`, silence after the last one is no gap before a next packet says so. */
  end(consumer: ConsumerSequence, { expected }: { expected: boolean }): void {
    if (!this.consumers.delete(consumer)) return;
    this.figures.lost += consumer.lost;
    if (this.consumers.size === 0) this.expected = expected;
  }

  /** Takes a packet. Gives the sequence numbers that are found missing with it. */
  receive(consumer: ConsumerSequence, packet: ReceivedPacket, nowMs: number): number[] {
    if (!this.consumers.has(consumer)) return [];
    const { figures } = this;
    figures.packets += 1;
    figures.bytes += packet.payloadBytes;
    if (this.flows && this.newestMs !== undefined) countGap(figures, nowMs - this.newestMs);
    this.newestMs = nowMs;
    return consumer.receive(packet, nowMs);
  }

  /** As things stand now: with what is still missing, and the gap that has not ended yet. */
  snapshot(nowMs: number): StreamFigures {
    const lost = Array.from(this.consumers).reduce((sum, consumer) => sum + consumer.lost, this.figures.lost);
    const figures = { ...this.figures, lost };
    if (this.flows && this.expected && this.newestMs !== undefined) {
      countGap(figures, nowMs - this.newestMs);
    }
    return figures;
  }
}

function countGap(figures: StreamFigures, gapMs: number): void {
  if (gapMs <= GAP_MS) return;
  figures.gapsOver200Ms += 1;
  if (gapMs > LONG_GAP_MS) figures.gapsOver1s += 1;
  figures.longestGapMs = Math.max(figures.longestGapMs, Math.round(gapMs));
}
