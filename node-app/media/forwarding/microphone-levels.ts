import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { MicrophoneLevel } from '../../../core/cascade/heard-ranking';
import type { Speakers } from '../speakers';
import { supervise } from '../supervise';

export interface MicrophoneLevelsOptions {
  router: types.Router;
  /** The router's slower observer, see `now()`. */
  speakers: Speakers;
  /** The levels were measured anew. */
  onMeasured: () => void;
  logger: Logger;
}

/** The shortest that mediasoup has. */
const INTERVAL_MS = 250;
/** Who is quieter is silent, dBov: as for the speakers that clients are told of. */
const THRESHOLD_DBOV = -80;
const MAX_ENTRIES = 100;

/** How loud the microphones are that publish into one router. Measures only while it is asked to. */
export class MicrophoneLevels {
  readonly #options: MicrophoneLevelsOptions;
  readonly #producers = new Set<types.Producer>();
  #observer: Promise<types.AudioLevelObserver> | undefined;
  #measured: readonly MicrophoneLevel[] = [];
  /** Microphones that the fast observer has measured. */
  readonly #seen = new Set<string>();

  constructor(options: MicrophoneLevelsOptions) {
    this.#options = options;
  }

  get producerIds(): string[] {
    return Array.from(this.#producers, ({ id }) => id);
  }

  /** A microphone is new; it leaves by itself when it closes. */
  add(producer: types.Producer): void {
    this.#producers.add(producer);
    producer.observer.once('close', () => {
      this.#producers.delete(producer);
      this.#seen.delete(producer.id);
    });
    if (this.#observer !== undefined) this.#observe(this.#observer, producer);
  }

  /** Idempotent. */
  start(): void {
    if (this.#observer !== undefined) return;
    const observer = this.#createObserver();
    this.#observer = observer;
    for (const producer of this.#producers) this.#observe(observer, producer);
  }

  /** Idempotent. */
  stop(): void {
    const observer = this.#observer;
    this.#observer = undefined;
    this.#measured = [];
    this.#seen.clear();
    if (observer !== undefined) this.#supervise(observer.then((created) => created.close()));
  }

  /**
   * Those that pick something up. mediasoup measures nothing from fewer than ten packets, so a client that packs more
   * than 25 ms of sound into each is in the slower observer's list only.
   */
  now(): MicrophoneLevel[] {
    const slow = this.#options.speakers.levels().filter(({ producerId }) => !this.#seen.has(producerId));
    return [...this.#measured, ...slow];
  }

  async #createObserver(): Promise<types.AudioLevelObserver> {
    const observer = await this.#options.router.createAudioLevelObserver({
      maxEntries: MAX_ENTRIES,
      threshold: THRESHOLD_DBOV,
      interval: INTERVAL_MS,
    });
    observer.on('volumes', (volumes) => {
      this.#measured = volumes.map(({ producer, volume }) => ({ producerId: producer.id, volume }));
      for (const { producerId } of this.#measured) this.#seen.add(producerId);
      this.#options.onMeasured();
    });
    observer.on('silence', () => {
      this.#measured = [];
      this.#options.onMeasured();
    });
    return observer;
  }

  #observe(observer: Promise<types.AudioLevelObserver>, { id: producerId }: types.Producer): void {
    this.#supervise(observer.then((created) => created.addProducer({ producerId })));
  }

  /** A router, an observer or a producer that closes meanwhile is no failure. */
  #supervise(work: Promise<void>): void {
    const { router, logger } = this.#options;
    const expected = work.catch((error: unknown) => {
      if (!router.closed && this.#observer !== undefined) throw error;
    });
    supervise(expected, logger, 'measuring microphones');
  }
}
