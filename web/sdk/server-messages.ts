import type { DataHub } from './data/data-hub';
import { FleetClientError } from './errors';
import type { Publisher } from './publish/publisher';
import { isRecord } from './signalling/frames';
import type { HeldMessages } from './signalling/held-messages';
import type { SignallingHandlers } from './signalling/signalling-session';
import type { Subscriber } from './subscribe/subscriber';

export interface ServerMessagesOptions {
  subscriber: Subscriber;
  publisher: Publisher;
  data: DataHub;
  /** Undefined: nobody speaks. */
  activeSpeaker: (peerId: string | undefined) => void;
  downlinkEstimate: (estimate: { availableBps: number; desiredBps: number }) => void;
}

/** Hands what the server says to the part of the client that it is for. */
export class ServerMessages {
  readonly #options: ServerMessagesOptions;

  constructor(options: ServerMessagesOptions) {
    this.#options = options;
  }

  /** For one session. @param held where its messages wait while the client migrates from it */
  handlersFor(held: HeldMessages): SignallingHandlers {
    return {
      onRequest: (method, data) => held.request(() => this.#request(method, data)),
      onNotification: (method, data) =>
        held.notification(() => {
          if (this.#options.subscriber.notification(method, data)) return;
          this.#notification(method, isRecord(data) ? data : {});
        }),
    };
  }

  #request(method: string, data: unknown): Promise<unknown> {
    if (method === 'newConsumer') return this.#options.subscriber.newConsumer(data);
    if (method === 'newDataConsumer') return this.#options.data.newDataConsumer(data);
    return Promise.reject(new FleetClientError('FLEET_ERR_UNKNOWN_METHOD', `no request ${method}`));
  }

  /** What neither peers nor tracks handle. Unknown notifications are a newer server's: left alone. */
  #notification(method: string, data: Record<string, unknown>): void {
    const { publisher, activeSpeaker, downlinkEstimate } = this.#options;
    switch (method) {
      case 'producerScore':
        if (typeof data.producerId === 'string') publisher.setScore(data.producerId, data.score);
        return;
      case 'producerLayersWanted': {
        const { producerId, spatialLayer } = data;
        if (typeof producerId !== 'string' || typeof spatialLayer !== 'number') return;
        publisher.setWantedLayer(producerId, spatialLayer);
        return;
      }
      case 'activeSpeaker':
        activeSpeaker(typeof data.peerId === 'string' ? data.peerId : undefined);
        return;
      case 'downlinkBwe': {
        const { availableBitrate, desiredBitrate } = data;
        if (typeof availableBitrate !== 'number' || typeof desiredBitrate !== 'number') return;
        downlinkEstimate({ availableBps: availableBitrate, desiredBps: desiredBitrate });
        return;
      }
    }
  }
}
