/** What all peers of a run have in common. */
export interface PeerSettings {
  /** Of the fleet: http, https, ws or wss. */
  url: string;
  /** Access token for all rooms of the run; undefined for a fleet with `auth: open`. */
  token: string | undefined;
  /** Peers that a room will have, for its reservation. */
  expectedPeers: number;
  /** Bits of payload per second of a publisher's video, by layer, lowest first; empty for no video. */
  layersBps: readonly number[];
  /** Whether publishers send audio too. */
  audio: boolean;
  /** Milliseconds of sound in a packet. @default 20, as browsers */
  audioFrameMs?: number;
  /** The layer that subscribers ask for. @default the uppermost */
  spatialLayer: number | undefined;
}

/** One peer. */
export interface PeerSpec {
  peerId: string;
  roomId: string;
  /** Whether it sends. All peers receive. */
  publishes: boolean;
}

export type PeerState =
  /** On its way in for the first time, or waiting for the next attempt. */
  | 'entering'
  /** Joined. */
  | 'in'
  /** Was in, lost its session, and is on its way back. */
  | 'away'
  /** Never came in and gave up: a refusal that is final, or too many minutes of trying. */
  | 'failed'
  /** Was in, and never came back. */
  | 'dropped'
  /** Left when it was told to. */
  | 'left';
