import { RtcpReceiverInfo } from 'werift';

/** Of one packet, what a receiver looks at. */
export interface ReceivedPacket {
  sequenceNumber: number;
  timestamp: number;
  payloadBytes: number;
}

/** A jump of more than this is a restart of the sender, not a loss (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3_000;

/** How many packets are asked for again at once. */
const MAX_MISSING = 100;

/** Sequence numbers and times of one consumer (RFC 3550, appendix A), for its loss and its receiver reports. */
export class ConsumerSequence {
  /** Packets, those that came twice included. */
  packets = 0;
  private base: number | undefined;
  private highest = 0;
  private received = 0;
  private lostBeforeRestart = 0;
  private jitter = 0;
  private transit: number | undefined;
  private reported = { expected: 0, received: 0 };
  private lastReport: { middle: number; atMs: number } | undefined;

  /** @param clockRate Hz */
  constructor(
    private readonly ssrc: number,
    private readonly clockRate: number,
  ) {}

  get lost(): number {
    return this.lostBeforeRestart + Math.max(0, this.expected - this.received);
  }

  /** Takes a packet. Gives the sequence numbers that are found missing with it. */
  receive({ sequenceNumber, timestamp }: ReceivedPacket, nowMs: number): number[] {
    this.packets += 1;
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
