import type { DataChannel } from './data/data-channel';
import type { LocalTrack } from './publish/local-track';
import type { RemotePeer } from './subscribe/remote-peer';
import type {
  CameraOptions,
  ConnectionState,
  DataChannelOptions,
  FleetClientEvents,
  FleetClientOptions,
  FleetStats,
  MicrophoneOptions,
  PublishTrackOptions,
  ScreenShareOptions,
  SessionInfo,
} from './types';
import { TypedEmitter } from './typed-emitter';

/** One peer in one room of the fleet. For another room, or after the end, make another client. */
export declare class FleetClient extends TypedEmitter<FleetClientEvents> {
  readonly roomId: string;
  readonly peerId: string;

  /** @throws FleetClientError INVALID_ARGUMENT when `url`, `roomId` or `peerId` can't be used */
  constructor(options: FleetClientOptions);

  get connectionState(): ConnectionState;
  /** Which parts of the fleet serve this client; undefined before the first `connected`. */
  get session(): SessionInfo | undefined;
  get displayName(): string;
  /** The others in the room, in the order they came. */
  get peers(): readonly RemotePeer[];
  peer(peerId: string): RemotePeer | undefined;
  get activeSpeaker(): string | undefined;
  get localTracks(): readonly LocalTrack[];
  get camera(): LocalTrack | undefined;
  get microphone(): LocalTrack | undefined;
  /** The picture of the screen share. */
  get screen(): LocalTrack | undefined;

  /**
   * Enters the room; resolves once in it. Retriable refusals (no capacity, …) are tried again at most three times
   * before it throws. @throws FleetClientError
   */
  join(): Promise<void>;
  /** Tells the room, closes everything, and stops the tracks that this SDK captured. Idempotent. */
  leave(): Promise<void>;
  /** As `leave()`, at once. Idempotent. */
  close(): void;

  /**
   * Publishes the camera. When it is on already, this changes its device or resolution.
   * @throws FleetClientError NO_CAMERA, PERMISSION_DENIED, DEVICE_IN_USE, DEVICE_NOT_FOUND, …
   */
  enableCamera(options?: CameraOptions): Promise<LocalTrack>;
  /** Unpublishes the camera and turns its light off. */
  disableCamera(): Promise<void>;
  /** @throws FleetClientError NO_MICROPHONE, PERMISSION_DENIED, DEVICE_IN_USE, DEVICE_NOT_FOUND, … */
  enableMicrophone(options?: MicrophoneOptions): Promise<LocalTrack>;
  disableMicrophone(): Promise<void>;
  /** Captures from another camera without renegotiation. @throws FleetClientError */
  switchCamera(deviceId: string): Promise<void>;
  /** @throws FleetClientError */
  switchMicrophone(deviceId: string): Promise<void>;
  /**
   * Asks the person for a screen, window or tab, and publishes it beside the camera.
   * @throws FleetClientError SCREEN_SHARE_CANCELLED, PERMISSION_DENIED, NOT_SUPPORTED, …
   */
  startScreenShare(options?: ScreenShareOptions): Promise<LocalTrack>;
  stopScreenShare(): Promise<void>;
  /** Publishes any track. @throws FleetClientError */
  publishTrack(track: MediaStreamTrack, options?: PublishTrackOptions): Promise<LocalTrack>;
  unpublishTrack(track: LocalTrack): Promise<void>;
  /** Sends nothing of this track until `unmute()`; the others are told. @throws FleetClientError */
  mute(track: LocalTrack): Promise<void>;
  unmute(track: LocalTrack): Promise<void>;

  /** Sends a chat message to everyone else. @throws FleetClientError */
  sendMessage(text: string): Promise<void>;
  /** Opens a data channel to everyone else; their messages come as `data` events. @throws FleetClientError */
  openDataChannel(options: DataChannelOptions): Promise<DataChannel>;
  /** @throws FleetClientError */
  changeDisplayName(displayName: string): Promise<void>;
  /** Bitrates and losses count from the previous call. */
  getStats(): Promise<FleetStats>;
}
