export type { FleetClientEvents } from './client-events';
export { FleetClient } from './fleet-client';
export { FleetClientError } from './errors';
export type { FleetClientErrorCode, FleetClientErrorOptions, LocalErrorCode } from './errors';
export type { LocalTrack } from './publish/local-track';
export type { RemotePeer } from './subscribe/remote-peer';
export type { RemoteTrack } from './subscribe/remote-track';
export type { DataChannel } from './data/data-channel';
export type {
  AttachOptions,
  CameraOptions,
  ChatMessage,
  ConnectionState,
  DataChannelOptions,
  DataMessage,
  FleetClientOptions,
  FleetStats,
  Logger,
  MicrophoneOptions,
  PublishTrackOptions,
  ReconnectOptions,
  Resolution,
  ResolutionName,
  ScreenShareOptions,
  SessionInfo,
} from './types';
export type {
  DeviceInfo,
  Grants,
  Layers,
  SentLayerStats,
  SpeakingLevel,
  TrackKind,
  TrackSource,
  TrackStats,
} from './vocabulary';
