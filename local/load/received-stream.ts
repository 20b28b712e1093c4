import { RtcpReceiverInfo } from 'werift';

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

/** Of one packet, what a receiver looks at. */
export interface ReceivedPacket {
  sequenceNumber: number;
  timestamp: number;
  payloadBytes: number;
}

const GAP_MS = 200;
const LONG_GAP_MS = 1_000;

/** A jump of more than this is a restart of the sender, not a loss (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3_000;

/** How many packets are asked for again at once. */
const MAX_MISSING = 100;

/**
 * One stream of somebody else, as its subscriber sees it. A stream outlives its consumer: when a room is rebuilt
 * elsewhere, the time without media counts as one gap.
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
  private lastPacketMs: number | undefined;
  private expected = true;
  private consumer: ConsumerSequence | undefined;

  /**
   * @param clockRate Hz
   * @param flows whether it comes without a pause, so that a silence is a gap: of sound only the loudest comes
   */
  constructor(
    private readonly clockRate: number,
    private readonly flows: boolean,
  ) {}

  /** A consumer carries the stream from now on. */
  begin(ssrc: number): void {
    this.end({ expected: true });
    this.consumer = new ConsumerSequence(ssrc, this.clockRate);
  }

  /** The consumer is gone. Unless more is `expected`, its silence is no gap before a next packet says so. */
  end({ expected }: { expected: boolean }): void {
    if (this.consumer) this.figures.lost += this.consumer.lost;
    this.consumer = undefined;
    this.expected = expected;
  }

  /** Takes a packet. Gives the sequence numbers that are found missing with it. */
  receive(packet: ReceivedPacket, nowMs: number): number[] {
    if (!this.consumer) return [];
    const { figures } = this;
    figures.packets += 1;
    figures.bytes += packet.payloadBytes;
    if (this.flows && this.lastPacketMs !== undefined) countGap(figures, nowMs - this.lastPacketMs);
    this.lastPacketMs = nowMs;
    return this.consumer.receive(packet, nowMs);
  }

  senderReport(ntpTimestamp: bigint, nowMs: number): void {
    this.consumer?.senderReport(ntpTimestamp, nowMs);
  }

  receiverReport(nowMs: number): RtcpReceiverInfo | undefined {
    return this.consumer?.report(nowMs);
  }

  /** As things stand now: with what is still missing, and the gap that has not ended yet. */
  snapshot(nowMs: number): StreamFigures {
    const figures = { ...this.figures, lost: this.figures.lost + (this.consumer?.lost ?? 0) };
    if (this.flows && this.expected && this.lastPacketMs !== undefined) {
      countGap(figures, nowMs - this.lastPacketMs);
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

/** Sequence numbers and times of one SSRC (RFC 3550, appendix A), for its loss and its receiver reports. */
class ConsumerSequence {
  private base: number | undefined;
  private highest = 0;
  private received = 0;
  private lostBeforeRestart = 0;
  private jitter = 0;
  private transit: number | undefined;
  private reported = { expected: 0, received: 0 };
  private lastReport: { middle: number; atMs: number } | undefined;

  constructor(
    private readonly ssrc: number,
    private readonly clockRate: number,
  ) {}

  get lost(): number {
    return this.lostBeforeRestart + Math.max(0, this.expected - this.received);
  }

  receive({ sequenceNumber, timestamp }: ReceivedPacket, nowMs: number): number[] {
    this.measureJitter(timestamp, nowMs);
    const ahead = this.base === undefined ? undefined : signed16(sequenceNumber - this.highest);
    if (ahead === undefined || Math.abs(ahead) > MAX_DROPOUT) {
      this.lostBeforeRestart = this.lost;
      this.base = this.highest = sequenceNumber;
      this.received = 1;
      this.reported = { expected: 0, received: 0 };
      return [];
    }
    this.received += 1;
    if (ahead <= 0) return [];
    const missing = Array.from(
      { length: Math.min(ahead - 1, MAX_MISSING) },
      (_, index) => (this.highest + 1 + index) & 0xffff,
    );
    this.highest += ahead;
    return missing;
  }

  senderReport(ntpTimestamp: bigint, nowMs: number): void {
    this.lastReport = { middle: Number((ntpTimestamp >> 16n) & 0xffff_ffffn), atMs: nowMs };
  }

  report(nowMs: number): RtcpReceiverInfo | undefined {
    if (this.base === undefined) return undefined;
    const expected = this.expected - this.reported.expected;
    const lost = expected - (this.received - this.reported.received);
    this.reported = { expected: this.expected, received: this.received };
    const { lastReport } = this;
    return new RtcpReceiverInfo({
      ssrc: this.ssrc,
      fractionLost: expected > 0 && lost > 0 ? Math.min(255, Math.floor((lost * 256) / expected)) : 0,
      packetsLost: Math.min(this.lost, 0x7f_ffff),
      highestSequence: this.highest >>> 0,
      jitter: Math.round(this.jitter),
      lsr: lastReport?.middle ?? 0,
      dlsr: lastReport ? Math.round(((nowMs - lastReport.atMs) / 1_000) * 65_536) >>> 0 : 0,
    });
  }

  private get expected(): number {
    return this.base === undefined ? 0 : this.highest - this.base + 1;
  }

  private measureJitter(timestamp: number, nowMs: number): void {
    const transit = (nowMs * this.clockRate) / 1_000 - timestamp;
    const change = this.transit === undefined ? 0 : Math.abs(transit - this.transit);
    this.transit = transit;
    // A step of more than a second is a wrap or a switch of layers.
    if (change < this.clockRate) this.jitter += (change - this.jitter) / 16;
  }
}

/** The distance of two 16-bit numbers on their circle. */
function signed16(value: number): number {
  return ((value + 0x1_8000) & 0xffff) - 0x8000;
}
