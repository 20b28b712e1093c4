import type { types } from 'mediasoup-client';

/** What Chromium gives a 720p camera's VP8 layers at most, bits per second: 180p, 360p, 720p. */
const CAMERA_LAYER_BPS = [200_000, 700_000, 2_500_000] as const;
/** A thumbnail of a shared screen, and one that can be read. */
const SCREEN_LAYER_BPS = [500_000, 2_500_000] as const;
/** Without it Chromium needs over 20 s to reach its upper layers. kbit/s. */
const START_BITRATE_KBPS = 1_000;

export interface SendSettings {
  encodings: types.RtpEncodingParameters[];
  codecOptions: types.ProducerCodecOptions;
}

export interface SendRequest {
  kind: 'audio' | 'video';
  source: string;
  simulcast: boolean;
  /** Bits per second of the top layer. */
  maxBitrateBps?: number | undefined;
}

/** How a track is encoded. Lowest layer first, as mediasoup counts spatial layers. */
export function sendSettings({ kind, source, simulcast, maxBitrateBps }: SendRequest): SendSettings {
  if (kind === 'audio') {
    return { encodings: [], codecOptions: { opusDtx: true, opusFec: true } };
  }
  const limits = source === 'screen' ? SCREEN_LAYER_BPS : CAMERA_LAYER_BPS;
  const topBps = limits[limits.length - 1] ?? CAMERA_LAYER_BPS[2];
  const ratio = (maxBitrateBps ?? topBps) / topBps;
  const layers = simulcast ? limits : [topBps];
  return {
    encodings: layers.map((bps, layer) => ({
      maxBitrate: Math.round(bps * ratio),
      scaleResolutionDownBy: 2 ** (layers.length - 1 - layer),
    })),
    codecOptions: { videoGoogleStartBitrate: START_BITRATE_KBPS },
  };
}
