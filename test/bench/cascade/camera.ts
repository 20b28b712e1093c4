import type { RtpPeer } from '../../../local/load/rtp-peer';
import { sendOpus, sendVp8, type RunningStream } from '../../../local/load/rtp-streams';

/** Chromium's VP8 simulcast at 30 frames a second: about 200, 700 and 2,500 kbit/s. */
export const CAMERA_LAYERS = [
  { packetsPerFrame: 1, payloadBytes: 820 },
  { packetsPerFrame: 3, payloadBytes: 960 },
  { packetsPerFrame: 10, payloadBytes: 1_040 },
];

/** What a viewer of the uppermost layer gets of a camera and its microphone: 10 × 30 packets and 50. */
export const TOP_PACKETS_PER_SECOND = 350;

/** Sends the layers to the SSRCs, lowest first; fewer SSRCs than layers get the uppermost ones. */
export function sendCamera(peer: RtpPeer, ssrcs: readonly number[]): RunningStream[] {
  const layers = CAMERA_LAYERS.slice(-ssrcs.length);
  return layers.map((layer, index) => sendVp8({ peer, ssrc: ssrcs[index] ?? 0, ...layer }));
}

export function sendMicrophone(peer: RtpPeer, ssrc: number): RunningStream {
  return sendOpus({ peer, ssrc });
}
