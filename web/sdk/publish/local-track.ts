import type { types } from 'mediasoup-client';
import { FleetClientError } from '../errors';
import { sendSettings } from '../media/encodings';
import type { MediaSession } from '../media/media-session';
import { trackAppData } from '../media/track-app-data';
import { SerialQueue } from '../serial-queue';
import type { TrackKind, TrackSource } from '../vocabulary';

export interface LocalTrackOptions {
  track: MediaStreamTrack;
  source: TrackSource;
  name?: string | undefined;
  simulcast: boolean;
  /** Bits per second of the top layer. */
  maxBitrateBps?: number | undefined;
  /** The SDK captured it, so the SDK ends it. */
  stopOnUnpublish: boolean;
  onChanged: (track: LocalTrack) => void;
  /** The device is gone, or the person pressed the browser's own "stop sharing". */
  onEnded: (track: LocalTrack) => void;
}

interface Published {
  media: MediaSession;
  producer: types.Producer;
  paused: boolean;
}

/**
 * A track that this client publishes. It holds what is wanted; `bringTo` makes it so on the present session, so
 * that a mute during a reconnection holds afterwards.
 */
export class LocalTrack {
  readonly source: TrackSource;
  readonly kind: TrackKind;
  /** As given to `publishTrack`. */
  readonly name: string | undefined;
  readonly #options: LocalTrackOptions;
  readonly #queue = new SerialQueue();
  readonly #elements = new Set<HTMLMediaElement>();
  #track: MediaStreamTrack;
  #muted = false;
  #removed = false;
  #score: number | undefined;
  /** The highest layer that is sent on the present session. */
  #topLayer = Number.POSITIVE_INFINITY;
  #published: Published | undefined;
  /** On the session from which this client migrates: goes on until that ends, or for good if the migration fails. */
  #earlier: Published | undefined;
  readonly #onTrackEnded = () => this.#options.onEnded(this);

  /** Made by the SDK only. */
  constructor(options: LocalTrackOptions) {
    this.#options = options;
    this.source = options.source;
    this.kind = options.track.kind === 'audio' ? 'audio' : 'video';
    this.name = options.name;
    this.#track = options.track;
    this.#track.addEventListener('ended', this.#onTrackEnded);
  }

  /** What is captured now; another one after a device change. */
  get mediaStreamTrack(): MediaStreamTrack {
    return this.#track;
  }

  /** Nothing is sent while muted, and the others are told. */
  get muted(): boolean {
    return this.#muted;
  }

  /** mediasoup's score of what arrives at the media node, 0–10: the worst of its layers. Undefined at first. */
  get score(): number | undefined {
    return this.#score;
  }

  /** mediasoup's id on the present session; undefined while it isn't published there. */
  get producerId(): string | undefined {
    return this.#published?.media.closed ? undefined : this.#published?.producer.id;
  }

  /** What the sender reports; undefined while nothing is published. */
  async senderStats(): Promise<RTCStatsReport | undefined> {
    const { producer, media } = this.#published ?? {};
    if (!producer || media?.closed || producer.closed) return undefined;
    return producer.getStats().catch(() => undefined);
  }

  /** Shows the track in `element` (a preview, always muted). Returns a function that ends it. */
  attach(element: HTMLMediaElement): () => void {
    this.#elements.add(element);
    element.muted = true;
    element.autoplay = true;
    if (element instanceof HTMLVideoElement) element.playsInline = true;
    element.srcObject = new MediaStream([this.#track]);
    return () => {
      if (this.#elements.delete(element)) element.srcObject = null;
    };
  }

  /** Takes effect on what is sent at once; `bringTo` tells the server. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    if (this.#options.stopOnUnpublish) this.#track.enabled = !muted;
    if (!muted) return;
    this.#published?.producer.pause();
    this.#earlier?.producer.pause();
  }

  /** Takes mediasoup's scores, one per layer; one that isn't sent because nobody wants it is no bad one. */
  setScore(scores: readonly { layer: number; score: number }[]): void {
    const sent = scores.filter(({ layer }) => layer <= this.#topLayer);
    this.#score = sent.length > 0 ? Math.min(...sent.map(({ score }) => score)) : undefined;
  }

  /**
   * The highest layer that anybody wants, −1: none. What is above isn't sent. The lowest one always is: an encoder that
   * runs gives whoever comes next a picture after one key frame.
   */
  async setWantedLayer(spatialLayer: number): Promise<void> {
    const producer = this.#published?.producer;
    if (!producer || producer.closed) return;
    this.#topLayer = Math.max(0, spatialLayer);
    await producer.setMaxSpatialLayer(this.#topLayer);
  }

  /** Captures from `track` from now on; the earlier one ends if the SDK captured it. */
  replace(track: MediaStreamTrack): void {
    const earlier = this.#track;
    earlier.removeEventListener('ended', this.#onTrackEnded);
    track.addEventListener('ended', this.#onTrackEnded);
    if (this.#options.stopOnUnpublish) {
      track.enabled = !this.#muted;
      earlier.stop();
    }
    this.#track = track;
    for (const element of this.#elements) element.srcObject = new MediaStream([track]);
  }

  /** Ends it for good; `bringTo` tells the server. */
  remove(): void {
    this.#removed = true;
    this.#track.removeEventListener('ended', this.#onTrackEnded);
    if (this.#options.stopOnUnpublish) this.#track.stop();
    for (const element of this.#elements) element.srcObject = null;
    this.#elements.clear();
  }

  /** Makes the server's side what is wanted here. One after the other. @throws FleetClientError */
  bringTo(media: MediaSession): Promise<void> {
    return this.#queue.run(async () => {
      try {
        await this.#bring(media);
      } catch (error) {
        // A session that ended meanwhile is no failure of the track: it is brought to the next one.
        if (media.closed) return;
        throw FleetClientError.from(error, 'MEDIA_FAILED');
      }
    });
  }

  async #bring(media: MediaSession): Promise<void> {
    if (media.closed) return;
    if (this.#removed) return this.#close(media);
    if (this.#published?.media !== media) {
      if (this.#earlier?.media === media && !this.#earlier.producer.closed) this.#published = this.#earlier;
      else await this.#produce(media);
    }
    const published = this.#published;
    if (!published || published.media !== media) return;
    if (published.producer.track !== this.#track) {
      await published.producer.replaceTrack({ track: this.#track });
    }
    if (published.paused !== this.#muted) await this.#setPaused(media, this.#muted);
    // Something may have changed while the server was asked.
    if (this.#removed || published.paused !== this.#muted || published.producer.track !== this.#track) {
      await this.#bring(media);
    }
  }

  async #produce(media: MediaSession): Promise<void> {
    if (!media.canProduce(this.kind)) {
      throw new FleetClientError('NOT_SUPPORTED', `this browser can not send ${this.kind} to this room`);
    }
    const { name, source, kind } = this;
    const { simulcast, maxBitrateBps } = this.#options;
    const codec = kind === 'video' ? media.videoCodec : undefined;
    const producer = await media.produce({
      track: this.#track,
      ...sendSettings({ kind, source, simulcast, maxBitrateBps }),
      ...(codec && { codec }),
      // A transport's end must not end the camera: the same track goes on over the next transport.
      stopTracks: false,
      // A custom track may be in use elsewhere: muting stops what is sent, not the track.
      disableTrackOnPause: false,
      zeroRtpOnPause: true,
      appData: trackAppData({ source, name }, kind),
    });
    this.#earlier = this.#published;
    this.#published = { media, producer, paused: false };
    this.#topLayer = Number.POSITIVE_INFINITY;
    if (this.#muted) producer.pause();
  }

  async #setPaused(media: MediaSession, paused: boolean): Promise<void> {
    const published = this.#published;
    if (!published) return;
    if (paused) published.producer.pause();
    await media.api.control(paused ? 'pauseProducer' : 'resumeProducer', published.producer.id);
    published.paused = paused;
    if (!paused && !this.#muted) published.producer.resume();
    this.#options.onChanged(this);
  }

  async #close(media: MediaSession): Promise<void> {
    const published = this.#published;
    this.#published = undefined;
    // What others still receive of it ends at once; the server learns it with the end of that session.
    this.#earlier?.producer.close();
    this.#earlier = undefined;
    if (!published || published.media !== media) return;
    published.producer.close();
    await media.api.control('closeProducer', published.producer.id);
  }
}
