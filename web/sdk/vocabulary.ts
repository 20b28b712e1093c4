/** Where a track comes from. Tracks given to `publishTrack` without a source are `custom`. */
export type TrackSource = 'camera' | 'microphone' | 'screen' | 'custom';

export type TrackKind = 'audio' | 'video';

/** How the peer describes its program to others, as in mediasoup-demo. */
export interface DeviceInfo {
  /** E.g. `chrome`. @default found from the browser */
  flag?: string;
  /** E.g. `Chrome`. */
  name?: string;
  version?: string;
}

/** Simulcast or SVC layers, 0 the lowest. */
export interface Layers {
  spatialLayer: number;
  temporalLayer?: number;
}

export interface SpeakingLevel {
  peerId: string;
  /** Loudness of the peer's microphone, 0 (silent) to 1. */
  level: number;
}

export interface TrackStats {
  /** `send` for local tracks. */
  direction: 'send' | 'receive';
  peerId: string;
  source: TrackSource;
  kind: TrackKind;
  /** Bits per second since the last `getStats()`, 0 on the first. All layers together when sending. */
  bitrateBps: number;
  /** Lost ÷ expected packets since the last `getStats()`, 0–1. */
  lossRatio: number;
  /** Received (receive) or sent (send, the top layer) picture; undefined for audio. */
  frameWidth: number | undefined;
  frameHeight: number | undefined;
  framesPerSecond: number | undefined;
  /** Frames decoded (receive) or encoded (send, all layers) so far. */
  frames: number;
  /** Layers: those received now, or one entry per layer sent. */
  currentLayers: Layers | undefined;
  layers: SentLayerStats[];
  /** Milliseconds; undefined until measured. */
  jitterMs: number | undefined;
  /** Receiving: the node on which it is published, if a pipe brings it from there. */
  publisherNodeId: string | undefined;
  /** mediasoup's score, 0–10. */
  score: number | undefined;
}

/** One simulcast layer that this client sends. */
export interface SentLayerStats {
  /** 0 the lowest. */
  spatialLayer: number;
  active: boolean;
  /** Bits per second since the last `getStats()`. */
  bitrateBps: number;
  frameWidth: number | undefined;
  frameHeight: number | undefined;
}

/** What the access token allows; everything where the server needs none. */
export interface Grants {
  /** Camera, microphone, screen and custom tracks. */
  canPublish: boolean;
  /** Seeing and hearing the others. */
  canSubscribe: boolean;
  /** Chat and other data channels. */
  canPublishData: boolean;
}
