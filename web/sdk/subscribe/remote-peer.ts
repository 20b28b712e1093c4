import type { DeviceInfo, TrackKind, TrackSource } from '../vocabulary';
import type { RemoteTrack } from './remote-track';

/** Another peer in the room. The object stays the same while the peer is there. */
export class RemotePeer {
  readonly peerId: string;
  readonly #tracks = new Set<RemoteTrack>();
  #displayName: string;
  #device: DeviceInfo;

  /** Made by the SDK only. */
  constructor(peerId: string, displayName: string, device: DeviceInfo) {
    this.peerId = peerId;
    this.#displayName = displayName;
    this.#device = device;
  }

  get displayName(): string {
    return this.#displayName;
  }

  get device(): DeviceInfo {
    return this.#device;
  }

  get tracks(): readonly RemoteTrack[] {
    return [...this.#tracks];
  }

  /** The first track of this source (and kind), if the peer publishes one. */
  track(source: TrackSource, kind?: TrackKind): RemoteTrack | undefined {
    return this.tracks.find(
      (track) => track.source === source && (kind === undefined || track.kind === kind),
    );
  }

  update(displayName: string, device: DeviceInfo): void {
    this.#displayName = displayName;
    this.#device = device;
  }

  addTrack(track: RemoteTrack): void {
    this.#tracks.add(track);
  }

  removeTrack(track: RemoteTrack): void {
    this.#tracks.delete(track);
  }
}
