import type { types } from 'mediasoup';
import type { WatchedConsumer } from './cascade/watched-consumers';
import { callMediasoup } from './mediasoup-errors';

export interface ConsumerEntryOptions {
  /** As it is now, paused or not. */
  consumer: types.Consumer;
  /** Whose producer it is. */
  publisherId: string;
  watched: WatchedConsumer;
  /** Nothing has to be accepted: whoever asked for it gets it. @default false */
  accepted?: boolean;
}

/** A consumer, and who wants it paused: the client, the room, or neither. */
export class ConsumerEntry {
  readonly consumer: types.Consumer;
  readonly publisherId: string;
  /** Told when what it wants has changed. */
  readonly watched: WatchedConsumer;
  #accepted: boolean;
  #pausedByClient: boolean;
  #withheld = false;
  /** What mediasoup was last told; `consumer.paused` follows a moment later. */
  #sends: boolean;

  constructor({ consumer, publisherId, watched, accepted = false }: ConsumerEntryOptions) {
    this.consumer = consumer;
    this.publisherId = publisherId;
    this.watched = watched;
    this.#accepted = accepted;
    this.#sends = !consumer.paused;
    this.#pausedByClient = accepted && consumer.paused;
  }

  /** The client has it. */
  get accepted(): boolean {
    return this.#accepted;
  }

  /** Not forwarded, whatever the client wants. */
  get withheld(): boolean {
    return this.#withheld;
  }

  /** The client can take it: nothing is sent before. @throws FleetError */
  accept(): Promise<void> {
    this.#accepted = true;
    return this.#apply();
  }

  /** @throws FleetError */
  pauseByClient(): Promise<void> {
    this.#pausedByClient = true;
    return this.#apply();
  }

  /** @throws FleetError */
  resumeByClient(): Promise<void> {
    // Whoever resumes it has it.
    this.#accepted = true;
    this.#pausedByClient = false;
    return this.#apply();
  }

  /** Holds it back, or lets it through if the client wants it. @throws FleetError when mediasoup fails */
  async setWithheld(withheld: boolean): Promise<void> {
    this.#withheld = withheld;
    try {
      await this.#apply();
    } catch (error) {
      if (!this.consumer.closed) throw error;
    }
  }

  async #apply(): Promise<void> {
    const sends = this.#accepted && !this.#pausedByClient && !this.#withheld;
    if (sends === this.#sends) return;
    this.#sends = sends;
    await callMediasoup(() => (sends ? this.consumer.resume() : this.consumer.pause()));
  }
}
