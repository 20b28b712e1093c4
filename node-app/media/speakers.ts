import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Speaker } from './dialects/dialect';
import { supervise } from './supervise';

export interface SpeakersListener {
  /** Loudest first; empty once when it falls silent. */
  onSpeaking(speakers: readonly Speaker[]): void;
  onDominantSpeaker(peerId: string): void;
}

/** mediasoup-demo's values: who is louder than −80 dBov, at most ten of them, each 0.8 s. */
const MAX_SPEAKERS = 10;
const THRESHOLD_DBOV = -80;
const INTERVAL_MS = 800;

/** Who is heard in a room. */
export class Speakers {
  readonly #levels: types.AudioLevelObserver;
  readonly #dominant: types.ActiveSpeakerObserver;
  readonly #logger: Logger;

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
        interval: INTERVAL_MS,
      }),
      router.createActiveSpeakerObserver(),
    ]);
    return new Speakers(levels, dominant, logger);
  }

  listen(listener: SpeakersListener): void {
    this.#levels.on('volumes', (volumes) => {
      listener.onSpeaking(volumes.map(({ producer, volume }) => ({ peerId: peerIdOf(producer), volume })));
    });
    this.#levels.on('silence', () => listener.onSpeaking([]));
    this.#dominant.on('dominantspeaker', ({ producer }) => listener.onDominantSpeaker(peerIdOf(producer)));
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
