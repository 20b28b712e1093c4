import type { PeerSpec, PeerState } from '../../local/load/load-settings';

/** Where a crowd goes. */
export interface CrowdTarget {
  /** Of the fleet. */
  url: string;
  /** For all rooms and peers. */
  token: string;
}

/** One of a crowd, synthetic or in a browser. */
export interface CrowdPeer {
  readonly spec: PeerSpec;
  readonly state: PeerState;
  /** When the newest of that sender came, monotonic milliseconds; undefined: nothing has. */
  lastPacketAtMs(peerId: string, kind: 'audio' | 'video'): number | undefined;
  /** Leaves the room, so that the server knows. Idempotent. */
  leave(): Promise<void>;
}
