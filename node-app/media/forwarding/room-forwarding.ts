import type { Logger } from 'pino';
import type { Clock, Timer } from '../../../core/clock';
import { chooseRoomOptions, type RoomOptions } from '../../../core/room-options';
import type { ConsumerEntry } from '../consumer-entry';
import type { Publication } from '../publication';
import type { Publisher } from '../publisher';
import type { Subscriber } from '../subscriber';
import { supervise } from '../supervise';
import { ForwardedVideoOfPeer, type RoomPictures } from './forwarded-video';
import { HeardMicrophones } from './heard-microphones';

export interface RoomForwardingOptions {
  /** What holds unless somebody's token says otherwise. */
  defaults: Required<RoomOptions>;
  /** Who publishes, on whatever node. */
  publishers: () => readonly Publisher[];
  clock: Clock;
  logger: Logger;
}

/** How far back it is known who spoke. */
const MAX_SPEAKERS = 1_000;

/** Decides which of the room's streams each subscriber of this node receives of those that it could. */
export class RoomForwarding {
  readonly heard: HeardMicrophones;
  readonly #options: RoomForwardingOptions;
  /** Consumers of ranked microphones, by producer. */
  readonly #microphones = new Map<string, Map<ConsumerEntry, Subscriber>>();
  readonly #videos = new Map<Subscriber, ForwardedVideoOfPeer>();
  readonly #pinned = new WeakMap<Subscriber, readonly string[]>();
  /** Who spoke, the last one first. */
  #speakers: readonly string[] = [];
  /** What holds now. */
  #limits: Required<RoomOptions>;
  #reviewTimer: Timer | undefined;
  #closed = false;

  constructor(options: RoomForwardingOptions) {
    this.#options = options;
    this.#limits = options.defaults;
    const { publishers, clock, logger } = options;
    this.heard = new HeardMicrophones({
      places: () => this.#limits.heardSpeakers,
      microphones: () => new Set(publishers().flatMap((publisher) => microphonesOf(publisher))),
      onChanged: (producerIds) => this.#forwardMicrophones(producerIds),
      clock,
      logger,
    });
  }

  /** A consumer that is about to be offered. */
  add(subscriber: Subscriber, entry: ConsumerEntry, publication: Publication): void {
    if (publication.isMicrophone) this.#addMicrophone(subscriber, entry, publication.id);
    else if (isCamera(publication)) this.#videoOf(subscriber).add(entry);
  }

  /** Its client has it. */
  accepted(subscriber: Subscriber, entry: ConsumerEntry): void {
    if (entry.consumer.kind === 'video') this.#videos.get(subscriber)?.accepted(entry);
  }

  /** These publishers of the room are always heard by it, and the first to be seen. */
  pin(subscriber: Subscriber, peerIds: readonly string[]): void {
    this.#pinned.set(subscriber, peerIds);
    for (const consumers of this.#microphones.values()) {
      for (const [entry, of] of consumers) if (of === subscriber) this.#forwardMicrophone(subscriber, entry);
    }
    this.#videos.get(subscriber)?.pin(peerIds);
  }

  /** Somebody has the floor. */
  spoke(peerId: string): void {
    this.#speakers = [peerId, ...this.#speakers.filter((other) => other !== peerId)].slice(0, MAX_SPEAKERS);
    if (this.#limits.lastN > 0) this.#reviewVideos();
  }

  /** What is published, or who is present, has changed. Many who come at once are looked at once. */
  reviewSoon(): void {
    if (this.#closed) return;
    this.#reviewTimer ??= this.#options.clock.setTimer(0, () => {
      this.#reviewTimer = undefined;
      const { publishers, defaults } = this.#options;
      const { lastN } = this.#limits;
      this.#limits = chooseRoomOptions(publishers(), defaults);
      this.heard.review();
      if (lastN !== this.#limits.lastN) this.#reviewVideos();
    });
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#reviewTimer?.cancel();
    this.heard.close();
    for (const video of this.#videos.values()) video.close();
  }

  #addMicrophone(subscriber: Subscriber, entry: ConsumerEntry, producerId: string): void {
    const consumers = this.#microphones.get(producerId) ?? new Map<ConsumerEntry, Subscriber>();
    this.#microphones.set(producerId, consumers.set(entry, subscriber));
    entry.consumer.observer.once('close', () => {
      consumers.delete(entry);
      const isLast = consumers.size === 0 && this.#microphones.get(producerId) === consumers;
      if (isLast) this.#microphones.delete(producerId);
    });
    this.#forwardMicrophone(subscriber, entry);
  }

  #forwardMicrophones(producerIds: Iterable<string> = this.#microphones.keys()): void {
    for (const producerId of producerIds) {
      for (const [entry, subscriber] of this.#microphones.get(producerId) ?? []) {
        this.#forwardMicrophone(subscriber, entry);
      }
    }
  }

  #forwardMicrophone(subscriber: Subscriber, entry: ConsumerEntry): void {
    const isPinned = this.#pinned.get(subscriber)?.includes(entry.publisherId) === true;
    const withheld = !isPinned && !this.heard.isHeard(entry.consumer.producerId);
    if (entry.withheld === withheld) return;
    supervise(entry.setWithheld(withheld), this.#options.logger, 'forwarding a microphone');
  }

  #videoOf(subscriber: Subscriber): ForwardedVideoOfPeer {
    const known = this.#videos.get(subscriber);
    if (known !== undefined) return known;
    const { clock, logger } = this.#options;
    const video = new ForwardedVideoOfPeer({
      subscriber,
      pinned: this.#pinned.get(subscriber) ?? [],
      pictures: () => this.#pictures(),
      onEmpty: () => this.#videos.delete(subscriber),
      clock,
      logger,
    });
    this.#videos.set(subscriber, video);
    return video;
  }

  #reviewVideos(): void {
    for (const video of this.#videos.values()) video.review();
  }

  #pictures(): RoomPictures {
    const { lastN } = this.#limits;
    // Nothing is chosen then, and most rooms are so.
    if (lastN === 0) return { lastN, publishers: [], speakers: [] };
    const withCamera = this.#options
      .publishers()
      .filter((publisher) => publisher.publications().some(isCamera));
    const byArrival = withCamera.sort((a, b) => a.stamp - b.stamp).map(({ peerId }) => peerId);
    return { lastN, publishers: byArrival, speakers: this.#speakers };
  }
}

function microphonesOf(publisher: Publisher): string[] {
  return publisher
    .publications()
    .filter(({ isMicrophone }) => isMicrophone)
    .map(({ id }) => id);
}

/** Shared screens are always forwarded. */
function isCamera({ kind, appData }: Publication): boolean {
  return kind === 'video' && appData.share !== true;
}
