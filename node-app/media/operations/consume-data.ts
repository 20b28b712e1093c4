import type { types } from 'mediasoup';
import { callMediasoup } from '../mediasoup-errors';
import type { Peer } from '../peer';
import type { Publisher } from '../publisher';

/**
 * Gives a peer one data producer, with its order and reliability. A peer whose receiving transport carries no data
 * channels is left out.
 */
export async function consumeData(
  peer: Peer,
  publisher: Publisher,
  dataProducer: types.DataProducer,
): Promise<void> {
  const { entities } = peer;
  const transport = entities.receivingTransport();
  if (peer.closed || dataProducer.closed || !peer.joined || !peer.grants.canSubscribe) return;
  if (transport?.sctpParameters === undefined) return;

  const dataConsumer = await callMediasoup(() =>
    transport.consumeData({ dataProducerId: dataProducer.id, appData: dataProducer.appData }),
  );
  if (peer.closed || dataProducer.closed) {
    dataConsumer.close();
    return;
  }
  entities.dataConsumers.set(dataConsumer.id, dataConsumer);
  dataConsumer.observer.on('close', () => entities.dataConsumers.delete(dataConsumer.id));
  dataConsumer.on('dataproducerclose', () =>
    peer.notify('dataConsumerClosed', { dataConsumerId: dataConsumer.id }),
  );
  try {
    await peer.request(
      'newDataConsumer',
      peer.dialect.newDataConsumer({ peerId: publisher.peerId, transportId: transport.id, dataConsumer }),
    );
  } catch (error) {
    peer.logger.debug({ err: error, dataConsumerId: dataConsumer.id }, 'data consumer not accepted');
    dataConsumer.close();
  }
}
