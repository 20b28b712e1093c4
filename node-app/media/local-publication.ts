import type { types } from 'mediasoup';
import type { ListedCodec } from '../../core/protocol/room-link';
import type { Hold } from './cascade/shared-pulls';
import { isMicrophone } from './is-microphone';
import type { PeerEntities } from './peer-entities';
import type { DataPublication, Publication } from './publication';
import type { Reached, RoomRouter } from './room-router';

/** Who publishes here. */
interface Sender {
  readonly roomRouter: RoomRouter;
  readonly entities: PeerEntities;
}

/** A stream that is published at a router of this node. */
export class LocalPublication implements Publication {
  readonly producer: types.Producer;
  readonly #roomRouter: RoomRouter;

  constructor(roomRouter: RoomRouter, producer: types.Producer) {
    this.#roomRouter = roomRouter;
    this.producer = producer;
  }

  get id(): string {
    return this.producer.id;
  }

  get kind(): types.MediaKind {
    return this.producer.kind;
  }

  get appData(): types.AppData {
    return this.producer.appData;
  }

  get closed(): boolean {
    return this.producer.closed;
  }

  get codecs(): ListedCodec[] {
    return this.producer.consumableRtpParameters.codecs
      .filter(({ mimeType }) => !mimeType.toLowerCase().endsWith('/rtx'))
      .map(({ rtcpFeedback: _, parameters, ...codec }) => ({ ...codec, parameters }));
  }

  get isMicrophone(): boolean {
    return isMicrophone(this.producer);
  }

  mayBeConsumed(rtpCapabilities: types.RtpCapabilities): boolean {
    return this.#roomRouter.router.canConsume({ producerId: this.id, rtpCapabilities });
  }

  reachFrom(router: RoomRouter): Promise<Hold<Reached>> {
    return router.reach(this.#roomRouter, this.producer);
  }
}

/** Data that is published at a router of this node. */
export class LocalDataPublication implements DataPublication {
  readonly dataProducer: types.DataProducer;
  readonly #roomRouter: RoomRouter;

  constructor(roomRouter: RoomRouter, dataProducer: types.DataProducer) {
    this.#roomRouter = roomRouter;
    this.dataProducer = dataProducer;
  }

  get id(): string {
    return this.dataProducer.id;
  }

  get label(): string {
    return this.dataProducer.label;
  }

  get appData(): types.AppData {
    return this.dataProducer.appData;
  }

  get closed(): boolean {
    return this.dataProducer.closed;
  }

  reachFrom(router: RoomRouter): Promise<Hold<types.DataProducer>> {
    return router.reachData(this.#roomRouter, this.dataProducer);
  }
}

export function publicationsOf({ roomRouter, entities }: Sender): LocalPublication[] {
  return Array.from(entities.producers.values(), (producer) => new LocalPublication(roomRouter, producer));
}

export function dataPublicationsOf({ roomRouter, entities }: Sender): LocalDataPublication[] {
  return Array.from(
    entities.dataProducers.values(),
    (dataProducer) => new LocalDataPublication(roomRouter, dataProducer),
  );
}
