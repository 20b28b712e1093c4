import type { Logger } from 'pino';
import { LastNChoice } from '../../../core/cascade/last-n';
import type { Clock, Timer } from '../../../core/clock';
import { EXTENSION_METHODS, type ForwardedVideo } from '../../../core/protocol/fleet-extensions';
import type { ConsumerEntry } from '../consumer-entry';
import type { Subscriber } from '../subscriber';
import { supervise } from '../supervise';

/** What the choice of pictures is made from, the same for all subscribers. */
export interface RoomPictures {
  /** How many publishers' pictures each subscriber receives; 0: all. */
  readonly lastN: number;
  /** Who publishes pictures that count, in the order in which they came. */
  readonly publishers: readonly string[];
  /** Who spoke, the last one first. */
  readonly speakers: readonly string[];
}

export interface ForwardedVideoOptions {
  subscriber: Subscriber;
  /** As `pin`. */
  pinned: readonly string[];
  pictures: () => RoomPictures;
  /** It receives no pictures any more. */
  onEmpty: () => void;
  clock: Clock;
  logger: Logger;
}

/** Why a consumer is paused that its publisher sends to. */
const REASON = 'lastN';

/** Which pictures one subscriber receives. */
export class ForwardedVideoOfPeer {
  readonly #options: ForwardedVideoOptions;
  readonly #choice = new LastNChoice();
  readonly #entries = new Set<ConsumerEntry>();
  #pinned: readonly string[];
  /** Whose pictures could be chosen when it was last done. */
  #known: ReadonlySet<string> = new Set();
  /** Undefined: all. */
  #forwarded: ReadonlySet<string> | undefined;
  #reviewTimer: Timer | undefined;

  constructor(options: ForwardedVideoOptions) {
    this.#options = options;
    this.#pinned = options.pinned;
  }

  /** A picture that is about to be offered; it leaves by itself when it ends. */
  add(entry: ConsumerEntry): void {
    this.#entries.add(entry);
    const { consumer } = entry;
    const review = () => this.#reviewIn(0);
    consumer.observer.once('close', () => {
      this.#entries.delete(entry);
      if (this.#entries.size > 0) review();
      else this.#end();
    });
    consumer.on('producerpause', review);
    consumer.on('producerresume', () => {
      // Clients without last-N take `consumerResumed` for a picture that moves.
      if (entry.withheld && entry.accepted) this.#tellPaused(entry);
      review();
    });
    if (this.#known.has(entry.publisherId)) this.#forward(entry);
    else this.review();
  }

  /** The client has it: it learns of it if nothing comes. */
  accepted(entry: ConsumerEntry): void {
    if (entry.withheld && !entry.consumer.producerPaused) this.#tellPaused(entry);
  }

  pin(peerIds: readonly string[]): void {
    this.#pinned = peerIds;
    this.review();
  }

  /** Chooses anew. */
  review(): void {
    this.#reviewTimer?.cancel();
    this.#reviewTimer = undefined;
    const { subscriber, pictures, clock } = this.#options;
    if (subscriber.closed) return;
    const { lastN, publishers, speakers } = pictures();
    if (lastN === 0) {
      this.#set(undefined);
      return;
    }
    const muted = this.#mutedPublishers();
    const candidates = publishers.filter((peerId) => peerId !== subscriber.peerId && !muted.has(peerId));
    this.#known = new Set(candidates);
    const { peerIds, reviewInMs } = this.#choice.choose({
      publishers: candidates,
      pinned: this.#pinned,
      speakers,
      lastN,
      nowMs: clock.monotonicMs(),
    });
    if (reviewInMs !== undefined) this.#reviewIn(reviewInMs);
    this.#set(peerIds);
  }

  /** Idempotent. */
  close(): void {
    this.#reviewTimer?.cancel();
  }

  /** Those of whom nothing would come, so that they take no place. */
  #mutedPublishers(): Set<string> {
    const sending = new Set<string>();
    const known = new Set<string>();
    for (const { publisherId, consumer } of this.#entries) {
      known.add(publisherId);
      if (!consumer.producerPaused) sending.add(publisherId);
    }
    return new Set([...known].filter((peerId) => !sending.has(peerId)));
  }

  #end(): void {
    this.close();
    this.#options.onEmpty();
  }

  #set(peerIds: readonly string[] | undefined): void {
    const before = this.#forwarded;
    this.#forwarded = peerIds && new Set(peerIds);
    for (const entry of this.#entries) this.#forward(entry);
    if (peerIds === undefined ? before === undefined : before && isSame(before, peerIds)) return;
    const { subscriber, pictures } = this.#options;
    const told: ForwardedVideo = { lastN: pictures().lastN, peerIds: [...(peerIds ?? [])] };
    subscriber.notify(EXTENSION_METHODS.forwardedVideo, told);
  }

  #forward(entry: ConsumerEntry): void {
    const withheld = this.#forwarded?.has(entry.publisherId) === false;
    if (entry.withheld === withheld) return;
    const { subscriber, logger } = this.#options;
    supervise(entry.setWithheld(withheld), logger, 'forwarding a picture');
    const { id: consumerId, producerPaused } = entry.consumer;
    if (!entry.accepted || producerPaused) return;
    if (withheld) this.#tellPaused(entry);
    else subscriber.notify('consumerResumed', { consumerId, reason: REASON });
  }

  #tellPaused({ consumer: { id: consumerId } }: ConsumerEntry): void {
    this.#options.subscriber.notify('consumerPaused', { consumerId, reason: REASON });
  }

  #reviewIn(waitMs: number): void {
    this.#reviewTimer?.cancel();
    this.#reviewTimer = this.#options.clock.setTimer(waitMs, () => this.review());
  }
}

function isSame(left: ReadonlySet<string>, right: readonly string[]): boolean {
  return left.size === right.length && right.every((peerId) => left.has(peerId));
}
