import type { types } from 'mediasoup';

/**
 * Chromium begins a simulcast stream at 300 kbit/s and needs over 20 s to reach its upper layers; with this it
 * begins at 1 Mbit/s (measured, docs/architecture.md). Clients take it from the router's capabilities.
 */
const START_BITRATE_KBPS = 1_000;

const video = { kind: 'video', clockRate: 90_000 } as const;
const start = { 'x-google-start-bitrate': START_BITRATE_KBPS };

/** The codecs of every router, in the order in which clients should prefer them. */
export const ROUTER_CODECS: readonly types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 },
  { ...video, mimeType: 'video/VP8', parameters: start },
  { ...video, mimeType: 'video/VP9', parameters: { 'profile-id': 0, ...start } },
  { ...video, mimeType: 'video/VP9', parameters: { 'profile-id': 2, ...start } },
  { ...video, mimeType: 'video/H264', parameters: { ...h264('42e01f'), ...start } },
  { ...video, mimeType: 'video/H264', parameters: { ...h264('4d0032'), ...start } },
  { ...video, mimeType: 'video/H264', parameters: { ...h264('64001f'), ...start } },
  { ...video, mimeType: 'video/AV1', parameters: start },
];

function h264(profileLevelId: string) {
  return { 'packetization-mode': 1, 'profile-level-id': profileLevelId, 'level-asymmetry-allowed': 1 };
}
