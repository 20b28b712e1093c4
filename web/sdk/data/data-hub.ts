import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import { FleetClientError } from '../errors';
import type { MediaSession } from '../media/media-session';
import { isRecord } from '../signalling/frames';
import type { DataChannelOptions, DataMessage } from '../types';
import { DataChannel } from './data-channel';
import { DataOverlap } from './data-overlap';

/** mediasoup-demo's label for chat. */
const CHAT_LABEL = 'chat';

/**
 * After a join the chat opens so much later, milliseconds, or with its first message: until all others have it nothing else is
 * opened on the same transport, and a camera that is switched on as soon as somebody is in should not wait for that.
 */
const CHAT_OPENS_AFTER_MS = 1_000;

export interface DataHubHandlers {
  chat(peerId: string, text: string): void;
  data(message: DataMessage): void;
  opened(channel: DataChannel): void;
  warning(error: FleetClientError): void;
}

/**
 * After a session has taken over, messages go the old way for this long, milliseconds: until all others have the channel
 * where it is now. The old way ends 5 s after.
 */
const GO_OVER_AFTER_MS = 2_500;

interface DataMigration {
  from: MediaSession | undefined;
  to: MediaSession;
  hasTakenOver: boolean;
  /** By data producer. */
  overlaps: Map<string, DataOverlap>;
}

/** The data channels of this client, over all its sessions. */
export class DataHub {
  readonly #clock: Clock;
  readonly #handlers: DataHubHandlers;
  readonly #channels = new Set<DataChannel>();
  #chat: DataChannel | undefined;
  #chatOpening: Promise<void> | undefined;
  #media: MediaSession | undefined;
  #migration: DataMigration | undefined;
  #goOverTimer: Timer | undefined;
  #chatTimer: Timer | undefined;
  /** The data producers that come over a session. */
  readonly #coming = new WeakMap<MediaSession, Set<string>>();

  constructor(clock: Clock, handlers: DataHubHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** Takes what others send over a new session. */
  useSession(media: MediaSession): void {
    this.#media = media;
    this.#endMigration();
    this.#goOver();
    this.#chatTimer?.cancel();
    this.#chatOpening = undefined;
  }

  /**
   * Opens the channels on the session in use; with `chat`, that one too, soon: the others should know it before its first
   * message. Doesn't wait for them.
   */
  openChannels(chat: boolean): void {
    const media = this.#media;
    if (!media) return;
    for (const channel of this.#channels) {
      channel.bringTo(media).catch((error: unknown) => {
        if (!media.closed) this.#handlers.warning(FleetClientError.from(error));
      });
    }
    if (!chat && !this.#chat) return;
    this.#chatTimer = this.#clock.setTimer(CHAT_OPENS_AFTER_MS, () => {
      // A token may forbid data: then only `sendMessage` fails, with the server's reason.
      if (media === this.#media && !media.closed) this.#openChat(media).catch(() => undefined);
    });
  }

  /** This client migrates: opens the channels on the new session too. Resolves once they are. @throws FleetClientError */
  async arrive(media: MediaSession): Promise<void> {
    this.#endMigration();
    this.#migration = { from: this.#media, to: media, hasTakenOver: false, overlaps: new Map() };
    this.#goOver();
    const channels = [...this.#channels, ...(this.#chat ? [this.#chat] : [])];
    await Promise.all(channels.filter(({ open }) => open).map((channel) => channel.prepare(media)));
  }

  /** The new session has taken over. */
  settle(): void {
    const migration = this.#migration;
    if (!migration) return;
    migration.hasTakenOver = true;
    for (const overlap of migration.overlaps.values()) overlap.takeOver();
    this.#media = migration.to;
    for (const channel of this.#channels) {
      if (channel.prepared) continue;
      channel.bringTo(migration.to).catch((error: unknown) => {
        this.#handlers.warning(FleetClientError.from(error));
      });
    }
    if (!this.#chat?.prepared) this.#chatOpening = undefined;
    this.#goOverTimer = this.#clock.setTimer(GO_OVER_AFTER_MS, () => this.#goOver());
  }

  /** The migration came to nothing. */
  stay(): void {
    this.#migration = undefined;
    for (const channel of [...this.#channels, this.#chat]) channel?.stay();
  }

  /** Nothing comes over the session before any more. */
  earlierEnded(): void {
    if (this.#migration?.hasTakenOver) this.#endMigration();
  }

  /** @throws FleetClientError */
  async sendMessage(text: string): Promise<void> {
    await this.#openChat(this.#session());
    this.#chat?.send(text);
  }

  /** @throws FleetClientError */
  async open(options: DataChannelOptions): Promise<DataChannel> {
    const { label, maxRetransmits, maxPacketLifeTime } = options;
    if (label.length < 1 || label.length > 64) {
      throw new FleetClientError('INVALID_ARGUMENT', 'the label must have 1 to 64 characters');
    }
    if (maxRetransmits !== undefined && maxPacketLifeTime !== undefined) {
      throw new FleetClientError(
        'INVALID_ARGUMENT',
        'maxRetransmits and maxPacketLifeTime exclude each other',
      );
    }
    const media = this.#session();
    if (!media.grants.canPublishData) throw forbidden();
    const channel = new DataChannel(options, (closed) => this.#channels.delete(closed));
    this.#channels.add(channel);
    try {
      await channel.bringTo(media);
    } catch (error) {
      channel.close();
      throw FleetClientError.from(error);
    }
    this.#handlers.opened(channel);
    return channel;
  }

  /** Answers the server's `newDataConsumer`. @throws FleetClientError */
  async newDataConsumer(data: unknown): Promise<void> {
    const media = this.#migration?.to ?? this.#media;
    const transport = media?.receiveTransport;
    if (!transport) throw new FleetClientError('NOT_CONNECTED', 'there is no receiving transport');
    if (!isRecord(data)) throw new FleetClientError('PROTOCOL_ERROR', 'newDataConsumer without its fields');
    const id = data.dataConsumerId ?? data.id;
    const { dataProducerId, sctpStreamParameters, label, protocol, peerId } = data;
    if (typeof id !== 'string' || typeof dataProducerId !== 'string' || !isRecord(sctpStreamParameters)) {
      throw new FleetClientError('PROTOCOL_ERROR', 'newDataConsumer without its fields');
    }
    const consumer = await transport.consumeData({
      id,
      dataProducerId,
      sctpStreamParameters: sctpStreamParameters,
      label: typeof label === 'string' ? label : '',
      protocol: typeof protocol === 'string' ? protocol : '',
    });
    this.#coming.set(media, (this.#coming.get(media) ?? new Set()).add(dataProducerId));
    // mediasoup-demo's bot has no peer; its messages are no one's.
    if (typeof peerId !== 'string') return;
    const deliver = (message: string | ArrayBuffer) => {
      if (consumer.label !== CHAT_LABEL)
        this.#handlers.data({ peerId, label: consumer.label, data: message });
      else if (typeof message === 'string') this.#handlers.chat(peerId, message);
    };
    consumer.on('message', (message: unknown) => {
      if (typeof message !== 'string' && !(message instanceof ArrayBuffer)) return;
      this.#receive(message, { media, dataProducerId, deliver });
    });
  }

  /** While this client migrates, all comes over both sessions. */
  #receive(
    message: string | ArrayBuffer,
    from: {
      media: MediaSession | undefined;
      dataProducerId: string;
      deliver: (message: string | ArrayBuffer) => void;
    },
  ): void {
    const migration = this.#migration;
    if (!migration) {
      from.deliver(message);
      return;
    }
    const { from: earlier, overlaps, hasTakenOver } = migration;
    let overlap = overlaps.get(from.dataProducerId);
    if (!overlap) {
      const comesEarlier =
        earlier !== undefined && this.#coming.get(earlier)?.has(from.dataProducerId) === true;
      overlap = new DataOverlap(this.#clock, from.deliver, comesEarlier);
      if (hasTakenOver) overlap.takeOver();
      overlaps.set(from.dataProducerId, overlap);
    }
    if (from.media === migration.to) overlap.later(message);
    else overlap.earlier(message);
  }

  /** What has come by the way that took over must not be overtaken by what comes from now on. */
  #endMigration(): void {
    const migration = this.#migration;
    this.#migration = undefined;
    if (migration?.hasTakenOver) for (const overlap of migration.overlaps.values()) overlap.end();
  }

  #goOver(): void {
    this.#goOverTimer?.cancel();
    for (const channel of [...this.#channels, this.#chat]) channel?.goOver();
  }

  /** Idempotent. */
  close(): void {
    this.#media = undefined;
    for (const overlap of this.#migration?.overlaps.values() ?? []) overlap.close();
    this.#goOverTimer?.cancel();
    this.#chatTimer?.cancel();
    this.#chat?.close();
    for (const channel of [...this.#channels]) channel.close();
  }

  #openChat(media: MediaSession): Promise<void> {
    if (!media.grants.canPublishData) return Promise.reject(forbidden());
    this.#chat ??= new DataChannel({ label: CHAT_LABEL }, () => undefined);
    if (!this.#chatOpening) {
      const opening = this.#chat.bringTo(media);
      this.#chatOpening = opening;
      opening.catch(() => {
        if (this.#chatOpening === opening) this.#chatOpening = undefined;
      });
    }
    return this.#chatOpening;
  }

  #session(): MediaSession {
    if (!this.#media || this.#media.closed) {
      throw new FleetClientError('NOT_CONNECTED', 'the client is not in the room', { retriable: true });
    }
    return this.#media;
  }
}

function forbidden(): FleetClientError {
  return new FleetClientError('FLEET_ERR_FORBIDDEN', 'no right to publish data');
}
