/** What the bench asks of a server under test, and what it answers, over the IPC channel of a child process. */
export interface ServerSetup {
  kind: 'bare' | 'fleet';
  rooms: number;
  viewersPerRoom: number;
  /** Where each viewer's packets go, room by room. */
  sinkPorts: number[];
}

export type ServerCommand =
  { type: 'start'; setup: ServerSetup } | { type: 'countPackets' } | { type: 'sampleMeter'; samples: number };

export type ServerAnswer =
  | { type: 'started'; workerPid: number; publisherPorts: number[] }
  | { type: 'packets'; packets: number }
  | { type: 'sampled' };

/** Told to a source: send, or be quiet. */
export type SourceCommand = 'send' | 'pause';

/** A stream of video, each packet a frame. */
export interface VideoLayer {
  ssrc: number;
  packetsPerSecond: number;
  payloadBytes: number;
}

export const VIDEO = { ssrc: 1111, payloadType: 101, clockRate: 90_000 };
/** Nobody consumes it; it is there for who watches the speakers. */
export const AUDIO = { ssrc: 2222, payloadType: 100, clockRate: 48_000, packetsPerSecond: 50, levelId: 10 };

export const VIDEO_PARAMETERS = {
  codecs: [{ mimeType: 'video/VP8', payloadType: VIDEO.payloadType, clockRate: VIDEO.clockRate }],
  encodings: [{ ssrc: VIDEO.ssrc }],
};

export const AUDIO_PARAMETERS = {
  codecs: [
    { mimeType: 'audio/opus', payloadType: AUDIO.payloadType, clockRate: AUDIO.clockRate, channels: 2 },
  ],
  headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: AUDIO.levelId } as const],
  encodings: [{ ssrc: AUDIO.ssrc }],
};

/** What browsers negotiate first. Nobody decrypts, so the key is anybody's: 32 bytes and 12 of salt. */
export const SRTP_PARAMETERS = {
  cryptoSuite: 'AEAD_AES_256_GCM',
  keyBase64: Buffer.alloc(44, 7).toString('base64'),
} as const;
