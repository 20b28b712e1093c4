import type { Clock, RandomSource, Timer } from '../../core/clock';
import { type PostWebhook, type WebhookAnswer } from './post-webhook';
import { retryDelayMs } from './retry-delay';
import { WEBHOOK_SIGNATURE_HEADER, signWebhook } from './webhook-signature';

export interface WebhookLimits {
  /** Events that wait for one receiver, at most; then the oldest are dropped. @default 10000, about 5 MB */
  maxQueued: number;
  /** Requests to one receiver at a time; never two of one room. @default 8 */
  maxConcurrent: number;
  /** Tries per event before it is given up: with the delays of retry-delay.ts 23 minutes. @default 12 */
  maxAttempts: number;
  /** How long a receiver may take to answer, milliseconds. @default 5000 */
  timeoutMs: number;
}

export const DEFAULT_WEBHOOK_LIMITS: Readonly<WebhookLimits> = {
  maxQueued: 10_000,
  maxConcurrent: 8,
  maxAttempts: 12,
  timeoutMs: 5_000,
};

export interface WebhookLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface WebhookEndpointOptions {
  url: URL;
  secrets: readonly string[];
  userAgent: string;
  limits: WebhookLimits;
  post: PostWebhook;
  clock: Clock;
  random: RandomSource;
  logger: WebhookLogger;
}

export interface OutgoingWebhook {
  id: string;
  roomId: string;
  body: string;
}

interface Entry extends OutgoingWebhook {
  attempts: number;
  /** Of a lane only the head is ever attempting or backing off. */
  state: 'waiting' | 'attempting' | 'backingOff';
  retry?: Timer;
}

/**
 * Delivers events to one receiver: in order within a room, rooms beside each other, so that one stuck room holds
 * up no other. Bounded: when the receiver is away for long, the oldest events go first.
 */
export class WebhookEndpoint {
  /** Events that a receiver took, that were given up, and tries that failed; since the start. */
  delivered = 0;
  dropped = 0;
  failedAttempts = 0;

  readonly #options: WebhookEndpointOptions;
  /** All undelivered events by id, oldest first. */
  readonly #entries = new Map<string, Entry>();
  /** The same by room, in order. */
  readonly #lanes = new Map<string, Entry[]>();
  /** Rooms whose next event may be sent now, longest waiting first. */
  readonly #ready = new Set<string>();
  readonly #aborts = new Set<AbortController>();
  readonly #idleWaiters: (() => void)[] = [];
  #attempting = 0;
  /** `dropped` when the queue ran full; undefined while it has room. */
  #overflowedAt: number | undefined;
  #closed = false;

  constructor(options: WebhookEndpointOptions) {
    this.#options = options;
  }

  get queued(): number {
    return this.#entries.size;
  }

  /** Queues an event and returns at once. */
  offer(webhook: OutgoingWebhook): void {
    if (this.#closed) {
      this.dropped += 1;
      return;
    }
    if (this.#entries.size >= this.#options.limits.maxQueued) this.#dropOldest();
    const entry: Entry = { ...webhook, attempts: 0, state: 'waiting' };
    this.#entries.set(entry.id, entry);
    const lane = this.#lanes.get(entry.roomId);
    if (lane === undefined) {
      this.#lanes.set(entry.roomId, [entry]);
      this.#ready.add(entry.roomId);
    } else {
      lane.push(entry);
    }
    this.#pump();
  }

  /** Takes no more, gives what is queued up to `flushMs` to be delivered, and drops the rest. Idempotent. */
  async close(flushMs: number): Promise<void> {
    this.#closed = true;
    if (this.#entries.size > 0) {
      await new Promise<void>((resolve) => {
        const deadline = this.#options.clock.setTimer(flushMs, resolve);
        this.#idleWaiters.push(() => {
          deadline.cancel();
          resolve();
        });
      });
    }
    const left = this.#entries.size;
    if (left === 0) return;
    this.dropped += left;
    for (const entry of this.#entries.values()) entry.retry?.cancel();
    this.#entries.clear();
    this.#lanes.clear();
    this.#ready.clear();
    for (const abort of this.#aborts) abort.abort();
    this.#options.logger.warn(
      { receiver: this.#options.url.host, dropped: left },
      'webhooks left undelivered at the stop',
    );
  }

  #pump(): void {
    for (const roomId of this.#ready) {
      if (this.#attempting >= this.#options.limits.maxConcurrent) return;
      this.#ready.delete(roomId);
      const head = this.#lanes.get(roomId)?.[0];
      if (head !== undefined) void this.#attempt(head);
    }
  }

  /** Never rejects. */
  async #attempt(entry: Entry): Promise<void> {
    entry.state = 'attempting';
    entry.attempts += 1;
    this.#attempting += 1;
    const answer = await this.#post(entry);
    this.#attempting -= 1;
    // Gone when close() gave up in the meantime.
    if (!this.#entries.has(entry.id)) return;
    if (answer.taken) {
      this.delivered += 1;
      this.#remove(entry);
    } else {
      this.failedAttempts += 1;
      this.#retryOrGiveUp(entry, answer);
    }
    this.#pump();
  }

  async #post(entry: Entry): Promise<WebhookAnswer> {
    const { url, secrets, userAgent, limits, post, clock } = this.#options;
    const abort = new AbortController();
    this.#aborts.add(abort);
    const timeout = clock.setTimer(limits.timeoutMs, () => abort.abort());
    try {
      return await post({
        url,
        body: entry.body,
        headers: {
          'content-type': 'application/json',
          'user-agent': userAgent,
          'fleet-event-id': entry.id,
          'fleet-delivery-attempt': String(entry.attempts),
          // Signed anew for each try, since receivers refuse old signatures.
          [WEBHOOK_SIGNATURE_HEADER]: signWebhook({ secrets, nowMs: clock.nowMs(), body: entry.body }),
        },
        signal: abort.signal,
      });
    } finally {
      timeout.cancel();
      this.#aborts.delete(abort);
    }
  }

  #retryOrGiveUp(entry: Entry, answer: WebhookAnswer & { taken: false }): void {
    const { limits, clock, random, logger, url } = this.#options;
    if (entry.attempts >= limits.maxAttempts) {
      this.dropped += 1;
      logger.warn(
        { receiver: url.host, eventId: entry.id, attempts: entry.attempts, failure: answer.failure },
        'webhook given up',
      );
      this.#remove(entry);
      return;
    }
    const delayMs = retryDelayMs({ failedAttempts: entry.attempts, askedMs: answer.retryAfterMs, random });
    entry.state = 'backingOff';
    entry.retry = clock.setTimer(delayMs, () => {
      entry.state = 'waiting';
      this.#ready.add(entry.roomId);
      this.#pump();
    });
  }

  /** Takes an event out of all queues; the next one of its room may go when this was the room's first. */
  #remove(entry: Entry): void {
    entry.retry?.cancel();
    this.#entries.delete(entry.id);
    const lane = this.#lanes.get(entry.roomId) ?? [];
    const index = lane.indexOf(entry);
    lane.splice(index, 1);
    if (lane.length === 0) {
      this.#lanes.delete(entry.roomId);
      this.#ready.delete(entry.roomId);
    } else if (index === 0) {
      this.#ready.add(entry.roomId);
    }
    this.#noteRoom();
    if (this.#entries.size === 0) for (const wake of this.#idleWaiters.splice(0)) wake();
  }

  /** One line when the queue runs full and one when it has room again, however many events go in between. */
  #dropOldest(): void {
    for (const entry of this.#entries.values()) {
      if (entry.state === 'attempting') continue;
      if (this.#overflowedAt === undefined) {
        this.#overflowedAt = this.dropped;
        this.#options.logger.warn(
          { receiver: this.#options.url.host, queued: this.#entries.size },
          'webhook queue full, dropping the oldest',
        );
      }
      this.dropped += 1;
      this.#remove(entry);
      return;
    }
  }

  #noteRoom(): void {
    if (this.#overflowedAt === undefined || this.#entries.size > this.#options.limits.maxQueued / 2) return;
    this.#options.logger.info(
      { receiver: this.#options.url.host, dropped: this.dropped - this.#overflowedAt },
      'webhook queue has room again',
    );
    this.#overflowedAt = undefined;
  }
}
