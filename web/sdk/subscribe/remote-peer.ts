import type { DeviceInfo, TrackKind, TrackSource } from '../types';
import type { RemoteTrack } from './remote-track';

/** Another peer in the room. The object stays the same while the peer is there. */
export declare class RemotePeer {
  readonly peerId: string;
  get displayName(): string;
  get device(): DeviceInfo;
  get tracks(): readonly RemoteTrack[];
  /** The first track of this source (and kind), if the peer publishes one. */
  track(source: TrackSource, kind?: TrackKind): RemoteTrack | undefined;
}
