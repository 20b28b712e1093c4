import type { types } from 'mediasoup';
import type { AnnouncedData, AnnouncedStream, ListedCodec } from '../../core/protocol/room-link';
import type { Hold } from './cascade/shared-pulls';
import type { DataPublication, Publication } from './publication';
import type { Reached, RoomRouter } from './room-router';

/** How a router gets at what another node publishes. */
export interface RemoteReach {
  stream(router: RoomRouter, publication: RemotePublication): Promise<Hold<Reached>>;
  data(router: RoomRouter, publication: RemoteDataPublication): Promise<Hold<types.DataProducer>>;
}

/** A stream that is published on another node of the room. */
export class RemotePublication implements Publication {
  readonly announced: AnnouncedStream;
  readonly #reach: RemoteReach;
  #closed = false;

  constructor(announced: AnnouncedStream, reach: RemoteReach) {
    this.announced = announced;
    this.#reach = reach;
  }

  get id(): string {
    return this.announced.id;
  }

  get kind(): types.MediaKind {
    return this.announced.kind;
  }

  get appData(): types.AppData {
    return this.announced.appData;
  }

  get codecs(): readonly ListedCodec[] {
    return this.announced.codecs;
  }

  get closed(): boolean {
    return this.#closed;
  }

  mayBeConsumed({ codecs = [] }: types.RtpCapabilities): boolean {
    const sent = new Set(this.codecs.map(({ mimeType }) => mimeType.toLowerCase()));
    return codecs.some(({ mimeType }) => sent.has(mimeType.toLowerCase()));
  }

  reachFrom(router: RoomRouter): Promise<Hold<Reached>> {
    return this.#reach.stream(router, this);
  }

  /** It is no longer announced. Idempotent. */
  close(): void {
    this.#closed = true;
  }
}

/** Data that is published on another node of the room. */
export class RemoteDataPublication implements DataPublication {
  readonly id: string;
  readonly label: string;
  readonly appData: types.AppData;
  readonly #reach: RemoteReach;
  #closed = false;

  constructor({ id, label, appData }: AnnouncedData, reach: RemoteReach) {
    this.id = id;
    this.label = label;
    this.appData = appData;
    this.#reach = reach;
  }

  get closed(): boolean {
    return this.#closed;
  }

  reachFrom(router: RoomRouter): Promise<Hold<types.DataProducer>> {
    return this.#reach.data(router, this);
  }

  /** It is no longer announced. Idempotent. */
  close(): void {
    this.#closed = true;
  }
}
