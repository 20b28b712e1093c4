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

export const SSRC = 1111;
export const PAYLOAD_TYPE = 101;

export const RTP_PARAMETERS = {
  codecs: [{ mimeType: 'video/VP8', payloadType: PAYLOAD_TYPE, clockRate: 90_000 }],
  encodings: [{ ssrc: SSRC }],
};

/** What browsers negotiate first. Nobody decrypts, so the key is anybody's: 32 bytes and 12 of salt. */
export const SRTP_PARAMETERS = {
  cryptoSuite: 'AEAD_AES_256_GCM',
  keyBase64: Buffer.alloc(44, 7).toString('base64'),
} as const;
