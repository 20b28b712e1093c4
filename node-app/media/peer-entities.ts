import type { types } from 'mediasoup';
import { FleetError } from '../../core/errors';
import type { ConsumerEntry } from './consumer-entry';
import type { PeerLimits } from './media-options';

/** What a transport is for. A client that doesn't say gets both. */
export interface TransportUse {
  sends: boolean;
  receives: boolean;
}

export type PeerTransport = types.WebRtcTransport | types.PlainTransport;

export interface TransportEntry {
  transport: PeerTransport;
  use: TransportUse;
}

type Limited = keyof PeerLimits;

/**
 * The mediasoup objects of one peer (or broadcaster), and its right to create more. A look-up of an id that is
 * another peer's finds nothing.
 */
export class PeerEntities {
  readonly transports = new Map<string, TransportEntry>();
  readonly producers = new Map<string, types.Producer>();
  readonly consumers = new Map<string, ConsumerEntry>();
  readonly dataProducers = new Map<string, types.DataProducer>();
  readonly dataConsumers = new Map<string, types.DataConsumer>();
  readonly #limits: PeerLimits;
  /** Creations under way: counted, so that a burst of requests can't pass the limit. */
  readonly #pending: Record<Limited, number> = { transports: 0, producers: 0, dataProducers: 0 };

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  /** Runs `create` within the limit. @throws FleetError FLEET_ERR_LIMIT_EXCEEDED */
  async createWithinLimit<T>(kind: Limited, create: () => Promise<T>): Promise<T> {
    const limit = this.#limits[kind];
    if (this[kind].size + this.#pending[kind] >= limit) {
      throw new FleetError('FLEET_ERR_LIMIT_EXCEEDED', { message: `at most ${limit} ${kind} per peer` });
    }
    this.#pending[kind] += 1;
    try {
      return await create();
    } finally {
      this.#pending[kind] -= 1;
    }
  }

  transport(id: string): TransportEntry {
    return found(this.transports.get(id), 'transport', id);
  }

  webRtcTransport(id: string): types.WebRtcTransport {
    const { transport } = this.transport(id);
    if (transport.type !== 'webrtc') {
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: `transport ${id} is not a WebRtcTransport` });
    }
    return transport;
  }

  producer(id: string): types.Producer {
    return found(this.producers.get(id), 'producer', id);
  }

  consumer(id: string): ConsumerEntry {
    return found(this.consumers.get(id), 'consumer', id);
  }

  dataProducer(id: string): types.DataProducer {
    return found(this.dataProducers.get(id), 'data producer', id);
  }

  dataConsumer(id: string): types.DataConsumer {
    return found(this.dataConsumers.get(id), 'data consumer', id);
  }

  /** Where this peer receives, if it already can. */
  receivingTransport(): PeerTransport | undefined {
    for (const { transport, use } of this.transports.values()) {
      if (use.receives && !transport.closed) return transport;
    }
    return undefined;
  }

  /** Closes the transports, and with them everything else. */
  close(): void {
    for (const { transport } of this.transports.values()) transport.close();
    this.transports.clear();
  }
}

function found<T>(entity: T | undefined, kind: string, id: string): T {
  if (entity === undefined) {
    throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `no ${kind} ${id.slice(0, 100)}` });
  }
  return entity;
}
