import { RtpHeader } from 'werift';
import type { types } from 'mediasoup';
import type { RtpPeer } from './rtp-peer';

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

/** An opus stream of 50 packets a second, as loud as it is told. */
export interface StreamOptions {
  peer: RtpPeer;
  ssrc: number;
  /** Bytes of payload per packet. */
  payloadBytes?: number;
}

/** A running synthetic stream; stop it before its peer closes. */
export interface RunningStream {
  stop(): void;
  /** Packets sent so far. */
  readonly sent: () => number;
}

/** An opus stream of 50 packets a second. `level`: dBov below full scale, 0 (loudest) to 127 (silent). */
export function sendOpus({ peer, ssrc, payloadBytes = 80, level = 20 }: StreamOptions & { level?: number }) {
  return sendStream({
    peer,
    ssrc,
    payloadType: OPUS_PAYLOAD_TYPE,
    intervalMs: 20,
    clockRate: 48_000,
    packetsPerFrame: 1,
    payload: () => Buffer.alloc(payloadBytes, 1),
    extensions: [{ id: AUDIO_LEVEL_ID, payload: Buffer.from([0x80 | level]) }],
  });
}

/** A VP8 stream of 30 frames a second, each one a key frame in shape, so that consumers can start at any of them. */
export function sendVp8({
  peer,
  ssrc,
  payloadBytes = 600,
  packetsPerFrame = 1,
}: StreamOptions & { packetsPerFrame?: number }): RunningStream {
  return sendStream({
    peer,
    ssrc,
    payloadType: VP8_PAYLOAD_TYPE,
    intervalMs: 33,
    clockRate: 90_000,
    packetsPerFrame,
    payload: (first) => {
      const payload = Buffer.alloc(payloadBytes, 2);
      // Payload descriptor with the S bit in a frame's first packet, then a header whose lowest bit says key frame.
      payload[0] = first ? 0x10 : 0x00;
      payload[1] = 0x00;
      return payload;
    },
    extensions: [],
  });
}

interface SyntheticStream {
  peer: RtpPeer;
  ssrc: number;
  payloadType: number;
  intervalMs: number;
  clockRate: number;
  packetsPerFrame: number;
  payload: (first: boolean) => Buffer;
  extensions: { id: number; payload: Buffer }[];
}

const SENDER_REPORT_EVERY_MS = 500;

function sendStream(stream: SyntheticStream): RunningStream {
  const { peer, ssrc, payloadType, intervalMs, clockRate, packetsPerFrame, payload, extensions } = stream;
  const startedAt = Date.now();
  let sequenceNumber = ssrc & 0x7fff;
  let sent = 0;
  let octets = 0;
  let reportedAt = 0;
  const timer = setInterval(() => {
    const elapsedMs = Date.now() - startedAt;
    const timestamp = Math.round((elapsedMs * clockRate) / 1_000) >>> 0;
    if (elapsedMs - reportedAt >= SENDER_REPORT_EVERY_MS || sent === 0) {
      reportedAt = elapsedMs;
      void peer.sendSenderReport({ ssrc, rtpTimestamp: timestamp, packetCount: sent, octetCount: octets });
    }
    for (let index = 0; index < packetsPerFrame; index += 1) {
      sequenceNumber = (sequenceNumber + 1) & 0xffff;
      const header = new RtpHeader({
        version: 2,
        payloadType,
        sequenceNumber,
        timestamp,
        ssrc,
        marker: index === packetsPerFrame - 1,
        extension: extensions.length > 0,
        extensionProfile: 0xbede,
        extensions,
      });
      const body = payload(index === 0);
      sent += 1;
      octets += body.length;
      void peer.sendRtp(header, body);
    }
  }, intervalMs);
  return { stop: () => clearInterval(timer), sent: () => sent };
}
