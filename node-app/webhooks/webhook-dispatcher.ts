import { randomUUID } from 'node:crypto';
import type { Clock, RandomSource } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { RoomEvent, RoomEventsSink } from '../../core/room-events';
import type { WebhookFigures } from '../metrics/node-metrics';
import { type PostWebhook, postWebhook } from './post-webhook';
import {
  DEFAULT_WEBHOOK_LIMITS,
  WebhookEndpoint,
  type WebhookLimits,
  type WebhookLogger,
} from './webhook-endpoint';
import type { WebhookEvent } from './webhook-event';

export interface WebhookDispatcherOptions {
  nodeId: string;
  release: string;
  /** Where events are sent: each to all of them. None at all is fine. */
  urls: readonly string[];
  /** One secret, or two while they are rotated: both sign, see docs/api.md. */
  secrets: readonly string[];
  clock: Clock;
  random: RandomSource;
  logger: WebhookLogger;
  /** @default DEFAULT_WEBHOOK_LIMITS */
  limits?: Partial<WebhookLimits>;
  /** @default by HTTP */
  post?: PostWebhook;
}

/**
 * Tells a team's own services what happens to rooms and peers. At least once, in order per room and receiver.
 * Queues are in memory: a node that dies takes its undelivered events with it.
 */
export class WebhookDispatcher implements RoomEventsSink {
  readonly #nodeId: string;
  readonly #endpoints: WebhookEndpoint[];

  /** @throws FleetError FLEET_ERR_CONFIG */
  constructor(options: WebhookDispatcherOptions) {
    const { urls, secrets, nodeId, release, clock, random, logger } = options;
    if (urls.length > 0 && secrets.length === 0) throw configError('webhooks need a secret to sign with');
    this.#nodeId = nodeId;
    this.#endpoints = urls.map(
      (url) =>
        new WebhookEndpoint({
          url: parseUrl(url),
          secrets,
          userAgent: `mediasoup-fleet/${release}`,
          limits: { ...DEFAULT_WEBHOOK_LIMITS, ...options.limits },
          post: options.post ?? postWebhook,
          clock,
          random,
          logger,
        }),
    );
  }

  emit(event: RoomEvent): void {
    if (this.#endpoints.length === 0) return;
    const webhook: WebhookEvent = { id: randomUUID(), nodeId: this.#nodeId, ...event };
    const body = JSON.stringify(webhook);
    for (const endpoint of this.#endpoints) endpoint.offer({ id: webhook.id, roomId: event.roomId, body });
  }

  figures(): WebhookFigures {
    const figures: WebhookFigures = { queued: 0, delivered: 0, dropped: 0, failedAttempts: 0 };
    for (const endpoint of this.#endpoints) {
      figures.queued += endpoint.queued;
      figures.delivered += endpoint.delivered;
      figures.dropped += endpoint.dropped;
      figures.failedAttempts += endpoint.failedAttempts;
    }
    return figures;
  }

  /** Takes no more events, gives the queued ones `flushMs` to be delivered, drops the rest. Idempotent. */
  async close(options: { flushMs: number } = { flushMs: 2_000 }): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close(options.flushMs)));
  }
}

/** The message never shows the URL: its path or query may be a secret of the receiver. */
function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw configError('a webhook URL is not http:// or https://');
  }
  if (url.username !== '' || url.password !== '') {
    throw configError('a webhook URL must not carry a user name or password');
  }
  return url;
}

function configError(message: string): FleetError {
  return new FleetError('FLEET_ERR_CONFIG', { message });
}
