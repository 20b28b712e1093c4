import { VIDEO, VIDEO_PARAMETERS, AUDIO, type VideoLayer } from '../forwarding/messages';

/** About Chromium's VP8 simulcast at 30 frames a second: 200, 700 and 2,500 kbit/s. */
export const CAMERA_LAYERS: VideoLayer[] = [
  { ssrc: 1_001, packetsPerSecond: 30, payloadBytes: 820 },
  { ssrc: 1_002, packetsPerSecond: 90, payloadBytes: 960 },
  { ssrc: 1_003, packetsPerSecond: 300, payloadBytes: 1_040 },
];

export const CAMERA_PARAMETERS = {
  ...VIDEO_PARAMETERS,
  encodings: CAMERA_LAYERS.map(({ ssrc }) => ({ ssrc })),
};

/** The uppermost layer as the only one. */
export const SINGLE_LAYER: VideoLayer = {
  ssrc: VIDEO.ssrc,
  packetsPerSecond: CAMERA_LAYERS.at(-1)?.packetsPerSecond ?? 0,
  payloadBytes: CAMERA_LAYERS.at(-1)?.payloadBytes ?? 0,
};

/** What a viewer of the uppermost layer gets, sound included. */
export const TOP_PACKETS_PER_SECOND = SINGLE_LAYER.packetsPerSecond + AUDIO.packetsPerSecond;
