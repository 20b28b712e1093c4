import type { types } from 'mediasoup';
import type { AnnouncedData, AnnouncedStream, ListedCodec } from '../../core/protocol/room-link';
import type { RemoteStream } from './cascade/remote-stream';
import type { Hold } from './cascade/shared-pulls';
import type { DataPublication, Publication } from './publication';
import type { Reached, RoomRouter } from './room-router';

/** A stream that is published on another node of the room. */
export class RemotePublication implements Publication, RemoteStream {
  readonly nodeId: string;
  readonly #announced: AnnouncedStream;
  #closed = false;

  constructor(nodeId: string, announced: AnnouncedStream) {
    this.nodeId = nodeId;
    this.#announced = announced;
  }

  get id(): string {
    return this.#announced.id;
  }

  get routerId(): string {
    return this.#announced.routerId;
  }

  get lane(): AnnouncedStream['lane'] {
    return this.#announced.lane;
  }

  get kind(): types.MediaKind {
    return this.#announced.kind;
  }

  get appData(): types.AppData {
    return this.#announced.appData;
  }

  get codecs(): readonly ListedCodec[] {
    return this.#announced.codecs;
  }

  get isMicrophone(): boolean {
    return this.#announced.isMicrophone === true;
  }

  get closed(): boolean {
    return this.#closed;
  }

  mayBeConsumed({ codecs = [] }: types.RtpCapabilities): boolean {
    const sent = new Set(this.codecs.map(({ mimeType }) => mimeType.toLowerCase()));
    return codecs.some(({ mimeType }) => sent.has(mimeType.toLowerCase()));
  }

  reachFrom(router: RoomRouter): Promise<Hold<Reached>> {
    return router.reachRemote(this);
  }

  /** It is no longer announced. Idempotent. */
  close(): void {
    this.#closed = true;
  }
}

/** Data that is published on another node of the room. */
export class RemoteDataPublication implements DataPublication, RemoteStream {
  readonly nodeId: string;
  readonly lane = 'whole';
  readonly #announced: AnnouncedData;
  #closed = false;

  constructor(nodeId: string, announced: AnnouncedData) {
    this.nodeId = nodeId;
    this.#announced = announced;
  }

  get id(): string {
    return this.#announced.id;
  }

  get routerId(): string {
    return this.#announced.routerId;
  }

  get label(): string {
    return this.#announced.label;
  }

  get appData(): types.AppData {
    return this.#announced.appData;
  }

  get closed(): boolean {
    return this.#closed;
  }

  reachFrom(router: RoomRouter): Promise<Hold<types.DataProducer>> {
    return router.reachRemoteData(this);
  }

  /** It is no longer announced. Idempotent. */
  close(): void {
    this.#closed = true;
  }
}
