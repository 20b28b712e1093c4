import type { AttachOptions, Layers, TrackKind, TrackSource } from '../types';

/**
 * A track of another peer. The object stays the same while the peer publishes it, also over a reconnection or a
 * move to another node; only its `mediaStreamTrack` changes then.
 */
export declare class RemoteTrack {
  readonly peerId: string;
  readonly source: TrackSource;
  readonly kind: TrackKind;
  /** The publisher's name for it, if it gave one. */
  readonly name: string | undefined;
  get mediaStreamTrack(): MediaStreamTrack;
  /** The publisher muted it. */
  get muted(): boolean;
  /** This client paused it, by `pause()` or because no attached element is visible. */
  get paused(): boolean;
  /** The layers received now; undefined for audio, and while nothing is received. */
  get currentLayers(): Layers | undefined;
  /** mediasoup's score of the way from the media node to here, 0–10; undefined at first. */
  get score(): number | undefined;
  /** Loudness now, 0 (silent) to 1. 0 for video. */
  get audioLevel(): number;
  /**
   * Plays the track in `element`. Video chooses its layer by the largest attached element and pauses when none is
   * visible. Elements that leave the document are let go. Returns a function that detaches.
   */
  attach(element: HTMLMediaElement, options?: AttachOptions): () => void;
  detach(element: HTMLMediaElement): void;
  /** An upper limit on top of what the elements' size asks for; undefined takes it away. @throws FleetClientError */
  setPreferredLayers(layers: Layers | undefined): Promise<void>;
  /** Receives nothing until `resume()`, whatever is visible. @throws FleetClientError */
  pause(): Promise<void>;
  /** @throws FleetClientError */
  resume(): Promise<void>;
}
