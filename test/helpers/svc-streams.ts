import type { types } from 'mediasoup';
import { RunningStream } from '../../local/load/rtp-streams';
import type { RtpPeer } from '../../local/load/rtp-peer';

const PAYLOAD_TYPE = 103;
/** Temporal layers of consecutive frames, of three. */
const TEMPORAL_PATTERN = [0, 2, 1, 2];
/** Bytes of a packet of each spatial layer. */
const BYTES_BY_LAYER = [200, 400, 800];

/** rtpParameters of a producer with one stream of several layers, as `produce` wants them. */
export function svcParameters(
  ssrc: number,
  mimeType: 'video/VP8' | 'video/VP9',
  scalabilityMode: string,
): types.RtpParameters {
  return {
    mid: `s${ssrc}`,
    codecs: [
      {
        mimeType,
        payloadType: PAYLOAD_TYPE,
        clockRate: 90_000,
        parameters: mimeType === 'video/VP9' ? { 'profile-id': 0 } : {},
        rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
      },
    ],
    headerExtensions: [],
    encodings: [{ ssrc, scalabilityMode, dtx: false }],
    rtcp: { cname: `c${ssrc}` },
  };
}

interface SvcStreamOptions {
  peer: RtpPeer;
  ssrc: number;
}

/** A VP9 stream of three spatial and three temporal layers, 30 frames a second; each fourth frame is a key frame. */
export function sendVp9Svc(options: SvcStreamOptions): RunningStream {
  return sendFrames(options, (frame, temporalLayer) =>
    BYTES_BY_LAYER.map((bytes, spatialLayer) => {
      const payload = Buffer.alloc(bytes, 2);
      // Picture id, layers, begin and end of the layer's frame; P on all but key frames.
      payload[0] = temporalLayer === 0 ? 0b1010_1100 : 0b1110_1100;
      payload.writeUInt16BE(0x8000 | (frame & 0x7fff), 1);
      // Temporal layer, switching-up point, spatial layer, whether it needs the one below.
      payload[3] = (temporalLayer << 5) | (1 << 4) | (spatialLayer << 1) | (spatialLayer > 0 ? 1 : 0);
      payload[4] = (frame >> 2) & 0xff;
      return payload;
    }),
  );
}

/** A VP8 stream of three temporal layers, 30 frames a second; each fourth frame is a key frame. */
export function sendVp8Temporal(options: SvcStreamOptions): RunningStream {
  return sendFrames(options, (frame, temporalLayer) => {
    const payload = Buffer.alloc(400, 2);
    // With extensions, begin of a partition; then picture id, TL0PICIDX and temporal layer.
    payload[0] = 0b1001_0000;
    payload[1] = 0b1110_0000;
    payload.writeUInt16BE(0x8000 | (frame & 0x7fff), 2);
    payload[4] = (frame >> 2) & 0xff;
    payload[5] = (temporalLayer << 6) | (1 << 5);
    payload[6] = temporalLayer === 0 ? 0x00 : 0x01;
    return [payload];
  });
}

function sendFrames(
  { peer, ssrc }: SvcStreamOptions,
  payloads: (frame: number, temporalLayer: number) => Buffer[],
): RunningStream {
  let frame = -1;
  return new RunningStream({
    peer,
    ssrc,
    payloadType: PAYLOAD_TYPE,
    frameMs: 1_000 / 30,
    clockRate: 90_000,
    frame: () => {
      frame += 1;
      return payloads(frame, TEMPORAL_PATTERN[frame % TEMPORAL_PATTERN.length] ?? 0);
    },
    extensions: [],
  });
}
