import type { TrackKind, TrackSource } from '../types';

/** A track that this client publishes. */
export declare class LocalTrack {
  readonly source: TrackSource;
  readonly kind: TrackKind;
  /** As given to `publishTrack`. */
  readonly name: string | undefined;
  /** What is captured now; another one after a device change. */
  get mediaStreamTrack(): MediaStreamTrack;
  /** Nothing is sent while muted, and the others are told. */
  get muted(): boolean;
  /** mediasoup's score of what arrives at the media node, 0–10: the worst of its layers. Undefined at first. */
  get score(): number | undefined;
  /** Shows the track in `element` (a preview, always muted). Returns a function that ends it. */
  attach(element: HTMLMediaElement): () => void;
}
