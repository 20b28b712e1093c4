import type { DataChannel } from './data/data-channel';
import type { FleetClientError } from './errors';
import type { LocalTrack } from './publish/local-track';
import type { RemotePeer } from './subscribe/remote-peer';
import type { RemoteTrack } from './subscribe/remote-track';
import type { ChatMessage, ConnectionState, DataMessage, SessionInfo } from './types';
import type { SpeakingLevel } from './vocabulary';

/** Name and payload of each event of {@link FleetClient}. */
export interface FleetClientEvents {
  connectionStateChanged: { state: ConnectionState; previous: ConnectionState };
  /**
   * In the room, for the first time or again. `resumed`: over another connection, and media was never interrupted.
   * `migrated`: on another node, and what was seen and heard went on meanwhile; the connection state did not change.
   */
  connected: { session: SessionInfo; resumed: boolean; migrated: boolean };
  /** The connection was lost, or the fleet moves this client; `retryInMs` until attempt number `attempt`. */
  reconnecting: { attempt: number; retryInMs: number; reason: FleetClientError };
  /** The end: refused for good, removed, or every attempt failed. The client can't be used again. */
  failed: { error: FleetClientError };
  /** Something went wrong that the client survives, e.g. one track could not be consumed. */
  warning: { error: FleetClientError };
  peerJoined: { peer: RemotePeer };
  peerLeft: { peer: RemotePeer };
  /** The peer's display name changed. */
  peerChanged: { peer: RemotePeer };
  trackAdded: { peer: RemotePeer; track: RemoteTrack };
  trackRemoved: { peer: RemotePeer; track: RemoteTrack };
  /** `muted`, `forwarded`, `paused`, `currentLayers`, `score` or `mediaStreamTrack` of a remote track changed. */
  trackChanged: { peer: RemotePeer; track: RemoteTrack };
  localTrackAdded: { track: LocalTrack };
  /** Also when the device was unplugged or the browser's own "stop sharing" was pressed. */
  localTrackRemoved: { track: LocalTrack; reason: 'unpublished' | 'ended' | 'closed' };
  /** `muted`, `score` or `mediaStreamTrack` of a local track changed. */
  localTrackChanged: { track: LocalTrack };
  /** The loudest peer (this client's own id included), or undefined when all are silent. */
  activeSpeaker: { peerId: string | undefined };
  /** Whose cameras the room forwards to this client, when it forwards at most N; undefined: all of them. */
  forwardedVideo: { peerIds: readonly string[] | undefined };
  /** How many others are in the room whom the server doesn't list: in a large one, those who only listen. */
  audienceChanged: { count: number };
  /** All peers whose microphone is heard now, loudest first; empty once when all fall silent. */
  speakingLevels: { levels: SpeakingLevel[] };
  message: ChatMessage;
  /** A message on a data channel other than `chat`. */
  data: DataMessage;
  dataChannelOpened: { channel: DataChannel };
  /** What the server believes this client's downlink carries, bits per second. */
  downlinkEstimate: { availableBps: number; desiredBps: number };
}
