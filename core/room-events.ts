import type { ErrorCode } from './errors';

/**
 * What happens to rooms and peers, told by the media node that holds them, past tense as everywhere. Webhooks
 * are made of these; docs/api.md describes them for the receivers. They carry ids, times and reasons, never
 * display names, tokens or addresses.
 */
export type RoomEvent = RoomStarted | RoomEnded | PeerJoined | PeerLeft;

interface RoomEventBase {
  roomId: string;
  /**
   * Which life of the room this is: two events with the same room id and epoch belong together, and a room that
   * was moved, or ended and began again, has a higher one.
   */
  epoch: number;
  /** When it happened, milliseconds since 1970 on the node's clock. */
  atMs: number;
}

/** The room's router exists and its first peer is entering. */
export interface RoomStarted extends RoomEventBase {
  type: 'roomStarted';
}

export interface RoomEnded extends RoomEventBase {
  type: 'roomEnded';
  reason: RoomEndedReason;
  /** Since `roomStarted` of the same epoch, milliseconds. */
  durationMs: number;
  /** The most peers that were in the room at one time. */
  peakPeers: number;
}

export interface PeerJoined extends RoomEventBase {
  type: 'peerJoined';
  peerId: string;
}

export interface PeerLeft extends RoomEventBase {
  type: 'peerLeft';
  peerId: string;
  reason: PeerLeftReason;
  /** Since `peerJoined`, milliseconds. */
  durationMs: number;
}

/** `empty`: the last peer left. `moved`: the room lives on another node now, with a higher epoch. */
export type RoomEndedReason = 'empty' | 'closed' | 'moved' | 'workerDied' | 'nodeStopped';

/** `left`: on purpose. `connectionLost`: it did not come back in time. `removed`: by an operator. */
export type PeerLeftReason =
  'left' | 'connectionLost' | 'replaced' | 'removed' | 'roomClosed' | 'moved' | 'workerDied' | 'nodeStopped';

/** The reason to tell when the server closed a peer with this error. */
export function peerLeftReasonOf(code: ErrorCode): PeerLeftReason {
  switch (code) {
    case 'FLEET_ERR_PEER_REPLACED':
      return 'replaced';
    case 'FLEET_ERR_ROOM_CLOSED':
      return 'roomClosed';
    case 'FLEET_ERR_ROOM_MOVED':
      return 'moved';
    case 'FLEET_ERR_WORKER_DIED':
      return 'workerDied';
    case 'FLEET_ERR_SHUTTING_DOWN':
      return 'nodeStopped';
    case 'FLEET_ERR_SESSION_GONE':
    case 'FLEET_ERR_NODE_UNREACHABLE':
      return 'connectionLost';
    default:
      return 'removed';
  }
}

/** Where the media side tells its events. */
export interface RoomEventsSink {
  /** Returns at once and never throws: whoever listens must not hold up media. */
  emit(event: RoomEvent): void;
}
