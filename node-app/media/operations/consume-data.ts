import type { types } from 'mediasoup';
import { callMediasoup } from '../mediasoup-errors';
import type { Publisher } from '../publisher';
import type { Subscriber } from '../subscriber';

/**
 * Gives a peer one data producer, with its order and reliability. A peer whose receiving transport carries no data
 * channels is left out.
 */
export async function consumeData(
  subscriber: Subscriber,
  publisher: Publisher,
  dataProducer: types.DataProducer,
): Promise<void> {
  const { entities } = subscriber;
  const transport = entities.receivingTransport();
  if (subscriber.closed || dataProducer.closed || !subscriber.joined || !subscriber.grants.canSubscribe)
    return;
  if (transport?.sctpParameters === undefined) return;

  const dataConsumer = await callMediasoup(() =>
    transport.consumeData({ dataProducerId: dataProducer.id, appData: dataProducer.appData }),
  );
  if (subscriber.closed || dataProducer.closed) {
    dataConsumer.close();
    return;
  }
  entities.dataConsumers.set(dataConsumer.id, dataConsumer);
  dataConsumer.observer.on('close', () => entities.dataConsumers.delete(dataConsumer.id));
  dataConsumer.on('dataproducerclose', () =>
    subscriber.notify('dataConsumerClosed', { dataConsumerId: dataConsumer.id }),
  );
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
