import { FleetClientError } from '../errors';
import type { MediaSession } from '../media/media-session';
import { isRecord } from '../signalling/frames';
import { SerialQueue } from '../serial-queue';
import type { CameraOptions, MicrophoneOptions, PublishTrackOptions, ScreenShareOptions } from '../types';
import type { TrackKind, TrackSource } from '../vocabulary';
import { captureCamera, captureMicrophone, captureScreen } from './capture';
import { LocalTrack } from './local-track';

export interface PublisherHandlers {
  added(track: LocalTrack): void;
  removed(track: LocalTrack, reason: 'unpublished' | 'ended' | 'closed'): void;
  changed(track: LocalTrack): void;
  warning(error: FleetClientError): void;
}

/** What this client publishes, over all its sessions. */
export class Publisher {
  readonly #handlers: PublisherHandlers;
  readonly #tracks = new Set<LocalTrack>();
  /** Captures of one device don't overlap. */
  readonly #devices = { camera: new SerialQueue(), microphone: new SerialQueue(), screen: new SerialQueue() };
  #media: MediaSession | undefined;
  #cameraOptions: CameraOptions = {};
  #microphoneOptions: MicrophoneOptions = {};
  #closed = false;

  constructor(handlers: PublisherHandlers) {
    this.#handlers = handlers;
  }

  get tracks(): readonly LocalTrack[] {
    return [...this.#tracks];
  }

  track(source: TrackSource, kind: TrackKind): LocalTrack | undefined {
    return this.tracks.find((track) => track.source === source && track.kind === kind);
  }

  /** Publishes everything on a new session, also what was published on the one before. */
  async useSession(media: MediaSession): Promise<void> {
    this.#media = media;
    await Promise.all(
      this.tracks.map(async (track) => {
        try {
          await track.bringTo(media);
        } catch (error) {
          this.#drop(track, 'closed');
          this.#handlers.warning(FleetClientError.from(error));
        }
      }),
    );
  }

  /** This client migrates: publishes everything on the new session too. @throws FleetClientError when one of it can't be */
  async arrive(media: MediaSession): Promise<void> {
    this.#media = media;
    await Promise.all(this.tracks.map((track) => track.bringTo(media)));
  }

  enableCamera(options: CameraOptions): Promise<LocalTrack> {
    return this.#devices.camera.run(async () => {
      const wanted = { ...this.#cameraOptions, ...options };
      const present = this.track('camera', 'video');
      this.#assertMayPublish();
      const captured = await captureCamera(wanted);
      // What could not be had is not asked for again.
      this.#cameraOptions = wanted;
      if (present) return this.#replace(present, captured);
      return this.#publish(captured, {
        source: 'camera',
        simulcast: options.simulcast ?? true,
        stopOnUnpublish: true,
      });
    });
  }

  enableMicrophone(options: MicrophoneOptions): Promise<LocalTrack> {
    return this.#devices.microphone.run(async () => {
      const wanted = { ...this.#microphoneOptions, ...options };
      const present = this.track('microphone', 'audio');
      this.#assertMayPublish();
      const captured = await captureMicrophone(wanted);
      // What could not be had is not asked for again.
      this.#microphoneOptions = wanted;
      if (present) return this.#replace(present, captured);
      return this.#publish(captured, { source: 'microphone', stopOnUnpublish: true });
    });
  }

  startScreenShare(options: ScreenShareOptions): Promise<LocalTrack> {
    return this.#devices.screen.run(async () => {
      const present = this.track('screen', 'video');
      if (present) return present;
      this.#assertMayPublish();
      let picture: LocalTrack | undefined;
      for (const captured of await captureScreen(options)) {
        const track = await this.#publish(captured, {
          source: 'screen',
          simulcast: true,
          stopOnUnpublish: true,
        });
        if (track.kind === 'video') picture = track;
      }
      if (!picture) throw new FleetClientError('NOT_SUPPORTED', 'the browser gave no picture of the screen');
      return picture;
    });
  }

  /** Ends everything from `source`. */
  disable(source: 'camera' | 'microphone' | 'screen'): Promise<void> {
    return this.#devices[source].run(async () => {
      await Promise.all(
        this.tracks.filter((track) => track.source === source).map((track) => this.unpublish(track)),
      );
    });
  }

  async publish(captured: MediaStreamTrack, options: PublishTrackOptions): Promise<LocalTrack> {
    if (captured.readyState === 'ended') {
      throw new FleetClientError('INVALID_ARGUMENT', 'the track has ended');
    }
    return this.#publish(captured, options);
  }

  async unpublish(track: LocalTrack): Promise<void> {
    if (!this.#drop(track, 'unpublished')) return;
    if (this.#media) await track.bringTo(this.#media);
  }

  async setMuted(track: LocalTrack, muted: boolean): Promise<void> {
    this.#assertKnown(track);
    if (track.muted === muted) return;
    track.setMuted(muted);
    this.#handlers.changed(track);
    if (this.#media) await track.bringTo(this.#media);
  }

  /** Takes the server's `producerScore`. */
  setScore(producerId: string, score: unknown): void {
    const track = this.tracks.find((candidate) => candidate.producerId === producerId);
    if (!track || !Array.isArray(score)) return;
    const scores = score.flatMap((entry: unknown, index) => {
      if (!isRecord(entry) || typeof entry.score !== 'number') return [];
      const layer = typeof entry.encodingIdx === 'number' ? entry.encodingIdx : index;
      return [{ layer, score: entry.score }];
    });
    track.setScore(scores);
    this.#handlers.changed(track);
  }

  /** Takes the server's `producerLayersWanted`. */
  setWantedLayer(producerId: string, spatialLayer: number): void {
    const track = this.tracks.find((candidate) => candidate.producerId === producerId);
    track?.setWantedLayer(spatialLayer).catch((error: unknown) => {
      this.#handlers.warning(FleetClientError.from(error));
    });
  }

  /** Ends all tracks that the SDK captured. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#media = undefined;
    for (const track of this.tracks) this.#drop(track, 'closed');
  }

  async #publish(captured: MediaStreamTrack, options: PublishTrackOptions): Promise<LocalTrack> {
    const { source = 'custom', simulcast = source !== 'screen', stopOnUnpublish = false } = options;
    if (this.#closed) {
      if (stopOnUnpublish) captured.stop();
      throw new FleetClientError('CLOSED', 'the client was closed');
    }
    const track = new LocalTrack({
      track: captured,
      source,
      name: options.name,
      simulcast,
      maxBitrateBps: options.maxBitrateBps,
      stopOnUnpublish,
      onChanged: (changed) => this.#handlers.changed(changed),
      onEnded: (ended) => this.#end(ended),
    });
    this.#tracks.add(track);
    this.#handlers.added(track);
    try {
      if (this.#media) await track.bringTo(this.#media);
    } catch (error) {
      this.#drop(track, 'closed');
      throw FleetClientError.from(error);
    }
    return track;
  }

  async #replace(track: LocalTrack, captured: MediaStreamTrack): Promise<LocalTrack> {
    if (this.#closed) {
      captured.stop();
      throw new FleetClientError('CLOSED', 'the client was closed');
    }
    track.replace(captured);
    this.#handlers.changed(track);
    if (this.#media) await track.bringTo(this.#media);
    return track;
  }

  /** The track ended by itself. */
  #end(track: LocalTrack): void {
    if (!this.#drop(track, 'ended') || !this.#media) return;
    track.bringTo(this.#media).catch((error: unknown) => {
      this.#handlers.warning(FleetClientError.from(error));
    });
  }

  #drop(track: LocalTrack, reason: 'unpublished' | 'ended' | 'closed'): boolean {
    if (!this.#tracks.delete(track)) return false;
    track.remove();
    this.#handlers.removed(track, reason);
    return true;
  }

  /** Before a device is opened for nothing. */
  #assertMayPublish(): void {
    if (this.#media && !this.#media.grants.canPublish) {
      throw new FleetClientError('FLEET_ERR_FORBIDDEN', 'no right to publish');
    }
  }

  #assertKnown(track: LocalTrack): void {
    if (!this.#tracks.has(track)) {
      throw new FleetClientError('INVALID_ARGUMENT', 'this client does not publish this track');
    }
  }
}
