import { RtpHeader } from 'werift';
import type { types } from 'mediasoup';
import { OPUS_FRAME_MS, OPUS_PAYLOAD_BYTES, VP8_FRAMES_PER_SECOND } from './media-rates';
import type { RtpPeer, SenderReport } from './rtp-peer';

const AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
const AUDIO_LEVEL_ID = 10;
export const OPUS_PAYLOAD_TYPE = 100;
export const VP8_PAYLOAD_TYPE = 101;

/** rtpParameters of an opus producer, as `produce` wants them. */
export function opusParameters(ssrc: number): types.RtpParameters {
  return {
    mid: `a${ssrc}`,
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: OPUS_PAYLOAD_TYPE,
        clockRate: 48_000,
        channels: 2,
        parameters: { useinbandfec: 1 },
        rtcpFeedback: [],
      },
    ],
    headerExtensions: [{ uri: AUDIO_LEVEL_URI, id: AUDIO_LEVEL_ID }],
    encodings: [{ ssrc }],
    rtcp: { cname: `c${ssrc}` },
  };
}

/** rtpParameters of a VP8 producer; more than one SSRC makes it simulcast, lowest layer first. */
export function vp8Parameters(ssrcs: readonly number[]): types.RtpParameters {
  return {
    mid: `v${ssrcs[0] ?? 0}`,
    codecs: [
      {
        mimeType: 'video/VP8',
        payloadType: VP8_PAYLOAD_TYPE,
        clockRate: 90_000,
        parameters: {},
        rtcpFeedback: [
          { type: 'nack' },
          { type: 'nack', parameter: 'pli' },
          { type: 'ccm', parameter: 'fir' },
        ],
      },
    ],
    headerExtensions: [],
    encodings: ssrcs.map((ssrc) => ({ ssrc, scalabilityMode: 'L1T1', dtx: false })),
    rtcp: { cname: `c${ssrcs[0] ?? 0}` },
  };
}

export interface StreamOptions {
  peer: RtpPeer;
  ssrc: number;
  /** Bytes of payload per packet. */
  payloadBytes?: number;
}

export interface OpusStreamOptions extends StreamOptions {
  /** dBov below full scale, 0 (loudest) to 127 (silent). @default 20 */
  level?: number;
  /** Milliseconds of sound in a packet. @default 20 */
  frameMs?: number;
}

/** An opus stream. */
export function sendOpus({
  peer,
  ssrc,
  payloadBytes = OPUS_PAYLOAD_BYTES,
  level = 20,
  frameMs = OPUS_FRAME_MS,
}: OpusStreamOptions): RunningOpus {
  const frame = [Buffer.alloc(payloadBytes, 1)];
  const levelByte = Buffer.alloc(1);
  const stream = new RunningOpus(levelByte, {
    peer,
    ssrc,
    payloadType: OPUS_PAYLOAD_TYPE,
    frameMs,
    clockRate: 48_000,
    frame: () => frame,
    extensions: [{ id: AUDIO_LEVEL_ID, payload: levelByte }],
  });
  stream.setLevel(level);
  return stream;
}

export interface Vp8StreamOptions extends StreamOptions {
  /** @default 1 */
  packetsPerFrame?: number;
  /**
   * `always`: each frame looks like a key frame, so that consumers can start at any of them. `asked`: the first one,
   * and what RTCP asks for, as a browser does it.
   * @default always
   */
  keyFrames?: 'always' | 'asked';
}

/** A VP8 stream of 30 frames a second. */
export function sendVp8({
  peer,
  ssrc,
  payloadBytes = 600,
  packetsPerFrame = 1,
  keyFrames = 'always',
}: Vp8StreamOptions): RunningStream {
  // Payload descriptor with the S bit in a frame's first packet, then a header whose lowest bit says delta frame.
  const packet = (first: boolean, delta: boolean): Buffer => {
    const payload = Buffer.alloc(payloadBytes, 2);
    payload[0] = first ? 0x10 : 0x00;
    payload[1] = delta ? 0x01 : 0x00;
    return payload;
  };
  const rest = Array.from({ length: packetsPerFrame - 1 }, () => packet(false, false));
  const keyFrame = [packet(true, false), ...rest];
  const deltaFrame = [packet(true, true), ...rest];
  return new RunningStream({
    peer,
    ssrc,
    payloadType: VP8_PAYLOAD_TYPE,
    frameMs: 1_000 / VP8_FRAMES_PER_SECOND,
    clockRate: 90_000,
    frame: (wantsKeyFrame) => (wantsKeyFrame || keyFrames === 'always' ? keyFrame : deltaFrame),
    extensions: [],
  });
}

interface SyntheticStream {
  peer: RtpPeer;
  ssrc: number;
  payloadType: number;
  /** Milliseconds of media in a frame. */
  frameMs: number;
  clockRate: number;
  /** The payloads of the next frame's packets; the caller does not change them. */
  frame: (wantsKeyFrame: boolean) => readonly Buffer[];
  extensions: { id: number; payload: Buffer }[];
}

/** A sender that was held up sends at most this much of what it missed, milliseconds: more would be a flood. */
const MAX_CATCH_UP_MS = 500;
/** Packets kept to be sent again, over a second of the fastest layer in use. */
const KEPT_PACKETS = 256;

function rtpTimestamp(mediaMs: number, clockRate: number): number {
  return Math.round((mediaMs * clockRate) / 1_000) >>> 0;
}

/** A running synthetic stream; stop it before its peer closes. Keeps its rate although timers come late. */
export class RunningStream {
  /** Bytes of payload sent so far. */
  octets = 0;
  private readonly startedAt = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly kept = new Map<number, { header: RtpHeader; payload: Buffer }>();
  private sequenceNumber: number;
  private frames = 0;
  private packets = 0;
  private readonly endReports: () => void;
  private wantsKeyFrame = true;

  constructor(private readonly stream: SyntheticStream) {
    this.sequenceNumber = stream.ssrc & 0x7fff;
    this.timer = setInterval(() => this.sendDue(), stream.frameMs);
    this.endReports = stream.peer.reportOn(() => this.senderReport());
  }

  stop(): void {
    clearInterval(this.timer);
    this.endReports();
  }

  /** Packets sent so far, without those sent again. */
  sent(): number {
    return this.packets;
  }

  /** The next frame is a key frame. */
  requestKeyFrame(): void {
    this.wantsKeyFrame = true;
  }

  /** Answers a NACK with what is still there. */
  sendAgain(sequenceNumbers: readonly number[]): void {
    for (const sequenceNumber of sequenceNumbers) {
      const packet = this.kept.get(sequenceNumber);
      if (packet) void this.stream.peer.sendRtp(packet.header, packet.payload);
    }
  }

  private sendDue(): void {
    const { frameMs } = this.stream;
    const elapsedMs = performance.now() - this.startedAt;
    const due = Math.floor(elapsedMs / frameMs);
    this.frames = Math.max(this.frames, due - Math.ceil(MAX_CATCH_UP_MS / frameMs));
    while (this.frames < due) {
      this.frames += 1;
      this.sendFrame(this.frames * frameMs);
    }
  }

  private sendFrame(mediaMs: number): void {
    const { peer, ssrc, payloadType, clockRate, extensions } = this.stream;
    const timestamp = rtpTimestamp(mediaMs, clockRate);
    const payloads = this.stream.frame(this.wantsKeyFrame);
    this.wantsKeyFrame = false;
    for (const [index, payload] of payloads.entries()) {
      this.sequenceNumber = (this.sequenceNumber + 1) & 0xffff;
      const header = new RtpHeader({
        version: 2,
        payloadType,
        sequenceNumber: this.sequenceNumber,
        timestamp,
        ssrc,
        marker: index === payloads.length - 1,
        extension: extensions.length > 0,
        extensionProfile: 0xbede,
        extensions,
      });
      this.packets += 1;
      this.octets += payload.length;
      this.keep(header, payload);
      void peer.sendRtp(header, payload);
    }
  }

  private senderReport(): SenderReport {
    const { ssrc, clockRate } = this.stream;
    const mediaMs = performance.now() - this.startedAt;
    return {
      ssrc,
      rtpTimestamp: rtpTimestamp(mediaMs, clockRate),
      packetCount: this.packets,
      octetCount: this.octets,
    };
  }

  private keep(header: RtpHeader, payload: Buffer): void {
    this.kept.set(header.sequenceNumber, { header, payload });
    this.kept.delete((header.sequenceNumber - KEPT_PACKETS) & 0xffff);
  }
}

/** An opus stream that can become louder or fall silent. */
export class RunningOpus extends RunningStream {
  constructor(
    private readonly levelByte: Buffer,
    stream: SyntheticStream,
  ) {
    super(stream);
  }

  /** As `level` of `sendOpus`. */
  setLevel(level: number): void {
    this.levelByte[0] = 0x80 | level;
  }
}
