import type { ErrorCode } from '../../core/errors';

/** What happens on a media node, for webhooks, metrics and logs. */
export interface MediaEvents {
  roomStarted: [{ roomId: string; epoch: number }];
  roomEnded: [{ roomId: string; epoch: number; peakPeers: number; durationMs: number }];
  peerJoined: [{ roomId: string; peerId: string; displayName: string }];
  /** Only of peers that had joined. `reason` is absent when it left by itself. */
  peerLeft: [{ roomId: string; peerId: string; durationMs: number; reason: ErrorCode | undefined }];
  /** A worker process ended by itself; its rooms are closed with FLEET_ERR_WORKER_DIED. */
  workerDied: [{ worker: number; pid: number; roomIds: string[] }];
}
