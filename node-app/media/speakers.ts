import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { MicrophoneLevel } from '../../core/cascade/heard-ranking';
import type { Speaker } from './dialects/dialect';
import { supervise } from './supervise';

export interface SpeakersListener {
  /** Loudest first; empty once when it falls silent. */
  onSpeaking(speakers: readonly Speaker[]): void;
  onDominantSpeaker(peerId: string): void;
}

/** mediasoup-demo's values: who is louder than −80 dBov, at most ten of them, each 0.8 s. */
export const MAX_SPEAKERS = 10;
const THRESHOLD_DBOV = -80;
export const SPEAKERS_INTERVAL_MS = 800;

/** Who is heard among those who publish into one router. */
export class Speakers {
  readonly #levels: types.AudioLevelObserver;
  readonly #dominant: types.ActiveSpeakerObserver;
  readonly #logger: Logger;
  #speaking: readonly Speaker[] = [];
  #measured: readonly MicrophoneLevel[] = [];
  #dominantPeerId: string | undefined;

  private constructor(
    levels: types.AudioLevelObserver,
    dominant: types.ActiveSpeakerObserver,
    logger: Logger,
  ) {
    this.#levels = levels;
    this.#dominant = dominant;
    this.#logger = logger;
  }

  static async create(router: types.Router, logger: Logger): Promise<Speakers> {
    const [levels, dominant] = await Promise.all([
      router.createAudioLevelObserver({
        maxEntries: MAX_SPEAKERS,
        threshold: THRESHOLD_DBOV,
        interval: SPEAKERS_INTERVAL_MS,
      }),
      router.createActiveSpeakerObserver(),
    ]);
    return new Speakers(levels, dominant, logger);
  }

  listen(listener: SpeakersListener): void {
    this.#levels.on('volumes', (volumes) => {
      const wasSilent = this.#speaking.length === 0;
      this.#speaking = volumes.map(({ producer, volume }) => ({ peerId: peerIdOf(producer), volume }));
      this.#measured = volumes.map(({ producer, volume }) => ({ producerId: producer.id, volume }));
      listener.onSpeaking(this.#speaking);
      // Silence took the active speaker away, and mediasoup tells of changes only.
      const dominant = this.now().dominantPeerId;
      if (wasSilent && dominant !== undefined) listener.onDominantSpeaker(dominant);
    });
    this.#levels.on('silence', () => {
      this.#speaking = [];
      this.#measured = [];
      listener.onSpeaking([]);
    });
    this.#dominant.on('dominantspeaker', ({ producer }) => {
      const peerId = peerIdOf(producer);
      this.#dominantPeerId = peerId;
      producer.observer.once('close', () => {
        if (this.#dominantPeerId === peerId) this.#dominantPeerId = undefined;
      });
      listener.onDominantSpeaker(peerId);
    });
  }

  /** Who was heard last: loudest first, and who holds the floor among them. */
  now(): { speaking: readonly Speaker[]; dominantPeerId: string | undefined } {
    const isHeard = this.#speaking.some(({ peerId }) => peerId === this.#dominantPeerId);
    return { speaking: this.#speaking, dominantPeerId: isHeard ? this.#dominantPeerId : undefined };
  }

  /** As `now().speaking`, by producer. */
  levels(): readonly MicrophoneLevel[] {
    return this.#measured;
  }

  /** Leaves by itself when the producer closes. */
  add(producer: types.Producer): void {
    supervise(this.#levels.addProducer({ producerId: producer.id }), this.#logger, 'watching audio levels');
    supervise(this.#dominant.addProducer({ producerId: producer.id }), this.#logger, 'watching the speaker');
  }
}

function peerIdOf(producer: types.Producer): string {
  return String(producer.appData.peerId);
}
