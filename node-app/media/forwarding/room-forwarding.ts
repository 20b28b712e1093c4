import type { Logger } from 'pino';
import type { Clock, Timer } from '../../../core/clock';
import type { ConsumerEntry } from '../consumer-entry';
import type { Publication } from '../publication';
import type { Publisher } from '../publisher';
import type { Subscriber } from '../subscriber';
import { supervise } from '../supervise';
import { HeardMicrophones } from './heard-microphones';

export interface RoomForwardingOptions {
  /** How many microphones are heard at once; 0: all. */
  heardSpeakers: () => number;
  /** Who publishes, on whatever node. */
  publishers: () => readonly Publisher[];
  clock: Clock;
  logger: Logger;
}

/** Decides which of the room's streams each subscriber of this node receives of those that it could. */
export class RoomForwarding {
  readonly heard: HeardMicrophones;
  readonly #options: RoomForwardingOptions;
  /** Consumers of ranked microphones, by producer. */
  readonly #microphones = new Map<string, Map<ConsumerEntry, Subscriber>>();
  readonly #pinned = new WeakMap<Subscriber, ReadonlySet<string>>();
  #reviewTimer: Timer | undefined;

  constructor(options: RoomForwardingOptions) {
    this.#options = options;
    const { heardSpeakers, publishers, clock, logger } = options;
    this.heard = new HeardMicrophones({
      places: heardSpeakers,
      microphones: () => new Set(publishers().flatMap((publisher) => microphonesOf(publisher))),
      onChanged: (producerIds) => this.#forwardMicrophones(producerIds),
      clock,
      logger,
    });
  }

  /** A consumer that is about to be offered. */
  add(subscriber: Subscriber, entry: ConsumerEntry, publication: Publication): void {
    if (!publication.isMicrophone) return;
    const { id } = publication;
    const consumers = this.#microphones.get(id) ?? new Map<ConsumerEntry, Subscriber>();
    this.#microphones.set(id, consumers.set(entry, subscriber));
    entry.consumer.observer.once('close', () => {
      consumers.delete(entry);
      if (consumers.size === 0 && this.#microphones.get(id) === consumers) this.#microphones.delete(id);
    });
    this.#forwardMicrophone(subscriber, entry);
  }

  /** These publishers of the room are always forwarded to it. */
  pin(subscriber: Subscriber, peerIds: readonly string[]): void {
    this.#pinned.set(subscriber, new Set(peerIds));
    for (const consumers of this.#microphones.values()) {
      for (const [entry, of] of consumers) if (of === subscriber) this.#forwardMicrophone(subscriber, entry);
    }
  }

  /** What is published has changed. Many who come at once are looked at once. */
  reviewSoon(): void {
    this.#reviewTimer ??= this.#options.clock.setTimer(0, () => {
      this.#reviewTimer = undefined;
      this.heard.review();
    });
  }

  /** Idempotent. */
  close(): void {
    this.#reviewTimer?.cancel();
    this.heard.close();
  }

  #forwardMicrophones(producerIds: Iterable<string> = this.#microphones.keys()): void {
    for (const producerId of producerIds) {
      for (const [entry, subscriber] of this.#microphones.get(producerId) ?? []) {
        this.#forwardMicrophone(subscriber, entry);
      }
    }
  }

  #forwardMicrophone(subscriber: Subscriber, entry: ConsumerEntry): void {
    const isPinned = this.#pinned.get(subscriber)?.has(entry.publisherId) === true;
    this.#withhold(entry, !isPinned && !this.heard.isHeard(entry.consumer.producerId));
  }

  #withhold(entry: ConsumerEntry, withheld: boolean): void {
    if (entry.withheld === withheld) return;
    supervise(entry.setWithheld(withheld), this.#options.logger, 'forwarding a stream');
  }
}

function microphonesOf(publisher: Publisher): string[] {
  return publisher
    .publications()
    .filter(({ isMicrophone }) => isMicrophone)
    .map(({ id }) => id);
}
