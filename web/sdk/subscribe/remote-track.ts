import { parseScalabilityMode, type types } from 'mediasoup-client';
import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import { FleetClientError } from '../errors';
import type { MediaSession } from '../media/media-session';
import { SerialQueue } from '../serial-queue';
import type { AttachOptions } from '../types';
import type { Layers, TrackKind, TrackSource } from '../vocabulary';
import { ElementWatcher } from './element-watcher';
import { chooseSpatialLayer, fullSize, neededScale } from './layer-choice';
import { playIn, replaceIn } from './playback';
import { readyToFollow } from './ready-to-follow';

/** A higher layer is asked for soon, a lower one only when the size stays. Milliseconds. */
const LAYER_UP_AFTER_MS = 200;
const LAYER_DOWN_AFTER_MS = 1_000;

export interface RemoteTrackOptions {
  peerId: string;
  source: TrackSource;
  kind: TrackKind;
  name: string | undefined;
  clock: Clock;
  onChanged: (track: RemoteTrack) => void;
  warning: (error: FleetClientError) => void;
}

interface Received {
  media: MediaSession;
  consumer: types.Consumer;
  /** What the server was told last. */
  paused: boolean;
  layer: Layers | undefined;
}

/**
 * A track of another peer. The object stays the same while the peer publishes it, also over a reconnection or a
 * move to another node; only its `mediaStreamTrack` changes then.
 */
export class RemoteTrack {
  readonly peerId: string;
  readonly source: TrackSource;
  readonly kind: TrackKind;
  /** The publisher's name for it, if it gave one. */
  readonly name: string | undefined;
  readonly #options: RemoteTrackOptions;
  readonly #queue = new SerialQueue();
  /** Elements and, for adaptive ones, what watches them. */
  readonly #elements = new Map<HTMLMediaElement, ElementWatcher | undefined>();
  #received: Received;
  /** What the elements play: for a moment still what was received before. */
  #played: types.Consumer;
  #muted: boolean;
  #forwarded = true;
  #pausedByCaller = false;
  #hidden = false;
  #adaptive = false;
  #limit: Layers | undefined;
  #chosenLayer: number | undefined;
  #layerTimer: { timer: Timer; layer: number } | undefined;
  #currentLayers: Layers | undefined;
  #score: number | undefined;
  #publisherNodeId: string | undefined;
  /** What was received before the present one, for a migration that fails. */
  #earlier: (Received & { muted: boolean; layers: Layers | undefined }) | undefined;
  #shown: Promise<void> = Promise.resolve();
  #closed = false;

  /** Made by the SDK only. */
  constructor(options: RemoteTrackOptions, media: MediaSession, consumer: types.Consumer, muted: boolean) {
    this.#options = options;
    this.peerId = options.peerId;
    this.source = options.source;
    this.kind = options.kind;
    this.name = options.name;
    this.#received = { media, consumer, paused: false, layer: undefined };
    this.#played = consumer;
    this.#muted = muted;
  }

  get mediaStreamTrack(): MediaStreamTrack {
    return this.#received.consumer.track;
  }

  /** The publisher muted it. */
  get muted(): boolean {
    return this.#muted;
  }

  /** False while the room shows this client other cameras: it forwards at most N of them. */
  get forwarded(): boolean {
    return this.#forwarded;
  }

  /** This client paused it, by `pause()` or because no attached element is visible. */
  get paused(): boolean {
    return this.#pausedByCaller || this.#hidden;
  }

  /** The layers received now; undefined for audio, and while nothing is received. */
  get currentLayers(): Layers | undefined {
    return this.#currentLayers;
  }

  /** The node on which it is published, if another one than this client's: a pipe brings it here. */
  get publisherNodeId(): string | undefined {
    return this.#publisherNodeId;
  }

  /** mediasoup's score of the way from the media node to here, 0–10; undefined at first. */
  get score(): number | undefined {
    return this.#score;
  }

  /** Loudness now, 0 (silent) to 1. 0 for video. */
  get audioLevel(): number {
    if (this.kind !== 'audio' || this.#closed) return 0;
    return this.#received.consumer.rtpReceiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
  }

  /** When the newest of it was played or shown, on a clock of the browser's; undefined: not lately, or it is muted. */
  get receivedAt(): number | undefined {
    if (this.#closed || this.#muted) return undefined;
    return this.#received.consumer.rtpReceiver?.getSynchronizationSources()[0]?.timestamp;
  }

  /** mediasoup's id on the present session. */
  get consumerId(): string {
    return this.#received.consumer.id;
  }

  /** Its place in the receiving connection. */
  get slot(): { mid: string; producerId: string } {
    const { rtpParameters, producerId } = this.#received.consumer;
    return { mid: rtpParameters.mid ?? '', producerId };
  }

  /** Whether it is received over `media`. */
  isOf(media: MediaSession | undefined): boolean {
    return this.#received.media === media;
  }

  /** What the receiver reports; undefined after its end. */
  async receiverStats(): Promise<RTCStatsReport | undefined> {
    const { consumer } = this.#received;
    return consumer.closed ? undefined : consumer.getStats().catch(() => undefined);
  }

  /**
   * Plays the track in `element`. Video chooses its layer by the largest attached element and pauses when none is
   * visible. Elements that leave the document are let go. Returns a function that detaches.
   */
  attach(element: HTMLMediaElement, options: AttachOptions = {}): () => void {
    this.detach(element);
    const adaptive =
      (options.adaptive ?? true) && this.kind === 'video' && element instanceof HTMLVideoElement;
    const watcher = adaptive
      ? new ElementWatcher({
          element,
          clock: this.#options.clock,
          onChanged: () => this.#adapt(),
          onRemoved: () => this.detach(element),
        })
      : undefined;
    if (watcher) this.#adaptive = true;
    this.#elements.set(element, watcher);
    if (!this.#closed) playIn(element, this.#played.track, this.#options.warning);
    this.#adapt();
    return () => this.detach(element);
  }

  detach(element: HTMLMediaElement): void {
    if (!this.#elements.has(element)) return;
    this.#elements.get(element)?.close();
    this.#elements.delete(element);
    element.srcObject = null;
    this.#adapt();
  }

  /** An upper limit on top of what the elements' size asks for; undefined takes it away. @throws FleetClientError */
  setPreferredLayers(layers: Layers | undefined): Promise<void> {
    this.#limit = layers;
    return this.#bring();
  }

  /** Receives nothing until `resume()`, whatever is visible. @throws FleetClientError */
  pause(): Promise<void> {
    this.#pausedByCaller = true;
    this.#options.onChanged(this);
    return this.#bring();
  }

  /** @throws FleetClientError */
  resume(): Promise<void> {
    this.#pausedByCaller = false;
    this.#options.onChanged(this);
    return this.#bring();
  }

  /** Goes on with another consumer of the same track: after a reconnection or migration, or when it was published anew. */
  replaceConsumer(media: MediaSession, consumer: types.Consumer, muted: boolean): void {
    const earlier = { ...this.#received, muted: this.#muted, layers: this.#currentLayers };
    this.#receive({ media, consumer, paused: false, layer: undefined }, muted, undefined);
    this.#earlier = earlier;
  }

  /** The session to which this client migrated came to nothing: what it received before goes on. */
  restoreConsumer(): void {
    const earlier = this.#earlier;
    if (!earlier || earlier.consumer.closed) return;
    const { muted, layers, ...received } = earlier;
    this.#receive(received, muted, layers);
    this.#earlier = undefined;
  }

  /** Resolves once what is received now is seen or heard, if it can be. */
  get shown(): Promise<void> {
    const nothingComes = this.paused || this.#muted || !this.#forwarded || this.#elements.size === 0;
    return nothingComes ? Promise.resolve() : this.#shown;
  }

  /** Brings pause and layers to the server after the consumer was made. */
  start(): void {
    this.#adapt();
    this.#bringQuietly();
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#options.onChanged(this);
  }

  setForwarded(forwarded: boolean): void {
    if (forwarded === this.#forwarded) return;
    this.#forwarded = forwarded;
    this.#options.onChanged(this);
  }

  setPublisherNode(nodeId: string | undefined): void {
    this.#publisherNodeId = nodeId;
  }

  setScore(score: number | undefined): void {
    this.#score = score;
    this.#options.onChanged(this);
  }

  setCurrentLayers(layers: Layers | undefined): void {
    this.#currentLayers = layers;
    this.#options.onChanged(this);
    this.#adapt();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#layerTimer?.timer.cancel();
    for (const element of [...this.#elements.keys()]) this.detach(element);
    this.#received.consumer.close();
  }

  get #layerCount(): number {
    const mode = this.#received.consumer.rtpParameters.encodings?.[0]?.scalabilityMode;
    return mode === undefined ? 1 : parseScalabilityMode(mode).spatialLayers;
  }

  /** Reads what the elements need and brings it about, upward soon and downward later. */
  #adapt(): void {
    if (!this.#adaptive || this.#closed) return;
    const watchers = [...this.#elements.values()].filter((watcher) => watcher !== undefined);
    const plain = this.#elements.size > watchers.length;
    const shown = watchers.filter((watcher) => watcher.visible);
    const hidden = shown.length === 0 && !plain;
    if (hidden !== this.#hidden) {
      this.#hidden = hidden;
      this.#options.onChanged(this);
      this.#bringQuietly();
    }
    if (hidden) return;
    const layer = plain ? this.#layerCount - 1 : this.#layerFor(shown);
    if (layer !== undefined) this.#scheduleLayer(layer);
  }

  /** A new layer is told before its first picture, so this looks again with each change of the decoded size. */
  #layerFor(shown: ElementWatcher[]): number | undefined {
    const layerCount = this.#layerCount;
    const scales = shown.flatMap(({ element, size }) => {
      if (!size) return [];
      const decoded = { width: element.videoWidth, height: element.videoHeight };
      return [neededScale(size, fullSize(decoded, this.#currentLayers?.spatialLayer, layerCount))];
    });
    if (scales.length === 0) return undefined;
    return chooseSpatialLayer({ scale: Math.max(...scales), layerCount, current: this.#chosenLayer });
  }

  #scheduleLayer(layer: number): void {
    if (this.#layerTimer?.layer === layer) return;
    this.#layerTimer?.timer.cancel();
    this.#layerTimer = undefined;
    if (layer === this.#chosenLayer) return;
    const apply = () => {
      this.#layerTimer = undefined;
      this.#chosenLayer = layer;
      this.#bringQuietly();
    };
    if (this.#chosenLayer === undefined) {
      apply();
      return;
    }
    const delayMs = layer > this.#chosenLayer ? LAYER_UP_AFTER_MS : LAYER_DOWN_AFTER_MS;
    this.#layerTimer = { layer, timer: this.#options.clock.setTimer(delayMs, apply) };
  }

  #wantedLayers(): Layers | undefined {
    const chosen = this.#adaptive ? this.#chosenLayer : undefined;
    if (chosen === undefined) return this.#limit;
    if (!this.#limit) return { spatialLayer: chosen };
    return { ...this.#limit, spatialLayer: Math.min(chosen, this.#limit.spatialLayer) };
  }

  #bringQuietly(): void {
    this.#bring().catch((error: unknown) => this.#options.warning(FleetClientError.from(error)));
  }

  /** Makes the server's side what is wanted here. One after the other. @throws FleetClientError */
  #bring(): Promise<void> {
    return this.#queue.run(async () => {
      const received = this.#received;
      const { media, consumer } = received;
      if (this.#closed || media.closed || consumer.closed) return;
      try {
        const layers = this.#wantedLayers();
        if (this.kind === 'video' && this.#layerCount > 1 && !sameLayers(layers, received.layer)) {
          await media.api.setConsumerPreferredLayers(
            consumer.id,
            layers ?? { spatialLayer: this.#layerCount - 1 },
          );
          received.layer = layers;
        }
        if (this.paused !== received.paused) {
          const paused = this.paused;
          await media.api.setConsumerPaused(consumer.id, paused);
          received.paused = paused;
        }
      } catch (error) {
        // What ended meanwhile needs nothing any more; a next session is brought to the same state.
        if (this.#closed || media.closed || consumer.closed || this.#received !== received) return;
        throw FleetClientError.from(error);
      }
    });
  }

  #receive(received: Received, muted: boolean, layers: Layers | undefined): void {
    this.#received = received;
    this.#muted = muted;
    this.#currentLayers = layers;
    this.#shown = this.#swap();
    this.#options.onChanged(this);
    this.#bringQuietly();
  }

  /** Plays what is received now once it is there and moves, so that nobody sees a black picture or a slow one, or misses any. */
  async #swap(): Promise<void> {
    const { consumer } = this.#received;
    const earlier = this.#played;
    if (consumer === earlier) return;
    if (earlier.track.readyState !== 'ended') await readyToFollow(consumer, earlier, this.#options.clock);
    // What is received may have changed once more: the elements go on with what they play until that has settled.
    if (this.#received.consumer !== consumer || this.#closed) return;
    this.#played = consumer;
    for (const element of this.#elements.keys()) {
      replaceIn(element, earlier.track, consumer.track, this.#options.warning);
    }
  }
}

function sameLayers(a: Layers | undefined, b: Layers | undefined): boolean {
  return a?.spatialLayer === b?.spatialLayer && a?.temporalLayer === b?.temporalLayer;
}
