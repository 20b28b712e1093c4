import type { types } from 'mediasoup-client';
import { FleetClientError } from '../errors';
import type { MediaSession } from '../media/media-session';
import type { DataChannelOptions } from '../types';

/** What every browser takes in one message. */
const MAX_MESSAGE_BYTES = 65_536;

/**
 * A data channel that this client opened. Its messages reach all other peers of the room. It is opened anew on each
 * session; messages sent while the client reconnects are refused, never kept back in silence.
 */
export class DataChannel {
  readonly label: string;
  readonly #options: DataChannelOptions;
  readonly #onClose: (channel: DataChannel) => void;
  #producer: types.DataProducer | undefined;
  /** On the session to which this client migrates. */
  #next: types.DataProducer | undefined;
  #closed = false;

  /** Made by the SDK only. */
  constructor(options: DataChannelOptions, onClose: (channel: DataChannel) => void) {
    this.label = options.label;
    this.#options = options;
    this.#onClose = onClose;
  }

  get open(): boolean {
    return !this.#closed && this.#producer?.readyState === 'open';
  }

  /** @throws FleetClientError NOT_CONNECTED, BAD_MESSAGE (over 64 KiB) */
  send(data: string | ArrayBuffer | Uint8Array<ArrayBuffer>): void {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data).byteLength : data.byteLength;
    if (bytes > MAX_MESSAGE_BYTES) {
      throw new FleetClientError('BAD_MESSAGE', `a message of ${bytes} bytes is over ${MAX_MESSAGE_BYTES}`);
    }
    // What was before ends a while after the migration; nobody has to wait for that.
    if (!this.open && this.#next) this.goOver();
    if (!this.#producer || !this.open) {
      throw new FleetClientError('NOT_CONNECTED', `data channel ${this.label} is not open`, {
        retriable: !this.#closed,
      });
    }
    this.#producer.send(data);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#producer?.close();
    this.#next?.close();
    this.#onClose(this);
  }

  /** Opens it on `media`; resolves once messages can be sent. @throws FleetClientError */
  async bringTo(media: MediaSession): Promise<void> {
    const producer = await this.#produce(media);
    if (!producer) return;
    this.#producer = producer;
    await this.#opened(producer);
  }

  /** Opens it on `media` too; messages go the way they went until `goOver()`. @throws FleetClientError */
  async prepare(media: MediaSession): Promise<void> {
    const producer = await this.#produce(media);
    if (!producer) return;
    this.#next = producer;
    await this.#opened(producer);
  }

  /** Whether it is open, or about to be, where this client migrates to. */
  get prepared(): boolean {
    return this.#next !== undefined;
  }

  /** Messages go over the session for which it was prepared. What it was before stays open till that session's end. */
  goOver(): void {
    if (!this.#next) return;
    this.#producer = this.#next;
    this.#next = undefined;
  }

  /** The client does not migrate after all. */
  stay(): void {
    this.#next?.close();
    this.#next = undefined;
  }

  async #produce(media: MediaSession): Promise<types.DataProducer | undefined> {
    const transport = await media.sendTransport();
    if (this.#closed) return undefined;
    const { label, ordered, maxRetransmits, maxPacketLifeTime } = this.#options;
    const producer = await transport.produceData({
      label,
      ordered: ordered ?? true,
      maxRetransmits,
      maxPacketLifeTime,
      // mediasoup-demo's name for what a data channel is for.
      appData: { channel: label },
    });
    if (!this.#closed) return producer;
    producer.close();
    return undefined;
  }

  async #opened(producer: types.DataProducer): Promise<void> {
    const { label } = this;
    if (producer.readyState === 'open') return;
    await new Promise<void>((resolve, reject) => {
      const end = () =>
        reject(
          new FleetClientError('NOT_CONNECTED', `data channel ${label} did not open`, { retriable: true }),
        );
      producer.once('open', resolve);
      producer.once('close', end);
      producer.once('transportclose', end);
      producer.observer.once('close', end);
    });
  }
}
