import type { types } from 'mediasoup';
import { releasingOnFailure } from './releasing-on-failure';
import type { Publisher } from '../publisher';
import type { Subscriber } from '../subscriber';

export interface ConsumeDataOptions {
  subscriber: Subscriber;
  publisher: Publisher;
  dataProducer: types.DataProducer;
  /** The data consumer has ended though the data producer and the subscriber live. */
  onLost: () => void;
}

/**
 * Gives a peer one data producer, with its order and reliability. A peer whose receiving transport carries no data
 * channels is left out.
 */
export async function consumeData(options: ConsumeDataOptions): Promise<void> {
  const { subscriber, publisher, dataProducer, onLost } = options;
  const { entities } = subscriber;
  if (subscriber.closed || dataProducer.closed || !subscriber.joined || !subscriber.grants.canSubscribe)
    return;
  if (entities.receivingTransport()?.sctpParameters === undefined) return;

  const hold = await subscriber.roomRouter.reachData(publisher.roomRouter, dataProducer);
  const transport = entities.receivingTransport();
  if (subscriber.closed || dataProducer.closed || transport?.sctpParameters === undefined) {
    hold.release();
    return;
  }
  const dataConsumer = await releasingOnFailure(hold, () =>
    transport.consumeData({ dataProducerId: dataProducer.id, appData: dataProducer.appData }),
  );
  dataConsumer.observer.once('close', () => hold.release());
  if (subscriber.closed || dataProducer.closed || hold.value.closed) {
    dataConsumer.close();
    hold.release();
    if (!subscriber.closed && !dataProducer.closed) onLost();
    return;
  }
  entities.dataConsumers.set(dataConsumer.id, dataConsumer);
  dataConsumer.observer.on('close', () => entities.dataConsumers.delete(dataConsumer.id));
  dataConsumer.on('dataproducerclose', () => {
    subscriber.notify('dataConsumerClosed', { dataConsumerId: dataConsumer.id });
    if (!dataProducer.closed && !subscriber.closed) onLost();
  });
  try {
    await subscriber.request(
      'newDataConsumer',
      subscriber.dialect.newDataConsumer({
        peerId: publisher.peerId,
        transportId: transport.id,
        dataConsumer,
      }),
    );
  } catch (error) {
    subscriber.logger.debug({ err: error, dataConsumerId: dataConsumer.id }, 'data consumer not accepted');
    dataConsumer.close();
  }
}
