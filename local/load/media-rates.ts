/** The synthetic streams in numbers. */

export const VP8_FRAMES_PER_SECOND = 30;
/** Milliseconds of sound in a packet. */
export const OPUS_FRAME_MS = 20;
export const OPUS_PAYLOAD_BYTES = 80;
/** Payload of an opus stream, bits per second. */
export const OPUS_BPS = (OPUS_PAYLOAD_BYTES * 8 * 1_000) / OPUS_FRAME_MS;

/**
 * How three simulcast layers share a publisher's bitrate, lowest first. Chromium's shares for 720p are 6, 21 and 73 %
 * (200, 700 and 2,500 kbit/s).
 */
const SHARES = [0.05, 0.2, 0.75];

/** Payload of a packet that fits a path's usual 1,200 bytes with all headers, bytes. */
const MAX_PAYLOAD_BYTES = 1_100;
/** Payload descriptor and the first byte of the picture. */
const MIN_PAYLOAD_BYTES = 2;

/** Bits per second of each layer, lowest first; one without simulcast, none for no video. */
export function layersBps(bitrateBps: number, simulcast: boolean): number[] {
  if (bitrateBps === 0) return [];
  return simulcast ? SHARES.map((share) => bitrateBps * share) : [bitrateBps];
}

/** How a stream of that rate is cut into packets. */
export function videoPackets(bps: number): { packetsPerFrame: number; payloadBytes: number } {
  const frameBytes = bps / 8 / VP8_FRAMES_PER_SECOND;
  const packetsPerFrame = Math.max(1, Math.ceil(frameBytes / MAX_PAYLOAD_BYTES));
  return {
    packetsPerFrame,
    payloadBytes: Math.max(MIN_PAYLOAD_BYTES, Math.round(frameBytes / packetsPerFrame)),
  };
}
