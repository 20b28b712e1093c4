import { releasingOnFailure } from './releasing-on-failure';
import type { DataPublication } from '../publication';
import type { Subscriber } from '../subscriber';

export interface ConsumeDataOptions {
  subscriber: Subscriber;
  /** Who sends it. */
  publisherId: string;
  publication: DataPublication;
  /** The data consumer has ended though the publication and the subscriber live. */
  onLost: () => void;
}

/**
 * Gives a peer one data producer, with its order and reliability. A peer whose receiving transport carries no data
 * channels is left out.
 */
export async function consumeData(options: ConsumeDataOptions): Promise<void> {
  const { subscriber, publisherId, publication, onLost } = options;
  const { entities } = subscriber;
  if (subscriber.closed || publication.closed || !subscriber.listening || !subscriber.grants.canSubscribe)
    return;
  if (entities.receivingTransport()?.sctpParameters === undefined) return;

  const hold = await publication.reachFrom(subscriber.roomRouter);
  const transport = entities.receivingTransport();
  if (subscriber.closed || publication.closed || transport?.sctpParameters === undefined) {
    hold.release();
    return;
  }
  const dataConsumer = await releasingOnFailure(hold, () =>
    transport.consumeData({ dataProducerId: publication.id, appData: publication.appData }),
  );
  dataConsumer.observer.once('close', () => hold.release());
  if (subscriber.closed || publication.closed || hold.value.closed) {
    dataConsumer.close();
    hold.release();
    if (!subscriber.closed && !publication.closed) onLost();
    return;
  }
  entities.dataConsumers.set(dataConsumer.id, dataConsumer);
  dataConsumer.observer.on('close', () => entities.dataConsumers.delete(dataConsumer.id));
  dataConsumer.on('dataproducerclose', () => {
    subscriber.notify('dataConsumerClosed', { dataConsumerId: dataConsumer.id });
    if (!publication.closed && !subscriber.closed) onLost();
  });
  try {
    await subscriber.request(
      'newDataConsumer',
      subscriber.dialect.newDataConsumer({
        peerId: publisherId,
        transportId: transport.id,
        dataConsumer,
      }),
    );
  } catch (error) {
    subscriber.logger.debug({ err: error, dataConsumerId: dataConsumer.id }, 'data consumer not accepted');
    dataConsumer.close();
  }
}
