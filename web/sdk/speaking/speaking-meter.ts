import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import type { LocalTrack } from '../publish/local-track';
import { sentAudioLevel } from '../stats/stats-collector';
import type { RemotePeer } from '../subscribe/remote-peer';
import type { SpeakingLevel } from '../vocabulary';
import { speakingLevels } from './speaking-levels';

export interface SpeakingMeterOptions {
  clock: Clock;
  /** This client's own. */
  peerId: string;
  /** Milliseconds; 0 for never. */
  intervalMs: number;
  localTracks: () => readonly LocalTrack[];
  peers: () => readonly RemotePeer[];
  onLevels: (levels: SpeakingLevel[]) => void;
}

/** Reads regularly who is heard, from what the browser measures anyway. */
export class SpeakingMeter {
  readonly #options: SpeakingMeterOptions;
  #timer: Timer | undefined;
  #silent = true;
  #measuring = false;

  constructor(options: SpeakingMeterOptions) {
    this.#options = options;
  }

  /** Idempotent. */
  start(): void {
    const { clock, intervalMs } = this.#options;
    if (this.#timer || intervalMs <= 0) return;
    this.#timer = clock.setRepeating(intervalMs, () => void this.#measure());
  }

  /** Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #measure(): Promise<void> {
    if (this.#measuring) return;
    this.#measuring = true;
    const { onLevels } = this.#options;
    const measured = await this.#read().finally(() => (this.#measuring = false));
    const levels = speakingLevels(measured);
    if (levels.length === 0 && this.#silent) return;
    this.#silent = levels.length === 0;
    if (this.#timer) onLevels(levels);
  }

  async #read(): Promise<SpeakingLevel[]> {
    const { localTracks, peers, peerId } = this.#options;
    const measured: SpeakingLevel[] = peers().flatMap((peer) =>
      peer.tracks
        .filter((track) => track.source === 'microphone' && !track.muted)
        .map((track) => ({ peerId: peer.peerId, level: track.audioLevel })),
    );
    const own = localTracks().find((track) => track.source === 'microphone' && !track.muted);
    if (!own) return measured;
    // A sender that is being closed has no statistics any more: that is silence, and the next time counts again.
    const level = await own.senderStats().then(sentAudioLevel, () => 0);
    return [...measured, { peerId, level }];
  }
}
