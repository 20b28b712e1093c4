import type { types } from 'mediasoup';
import { callMediasoup } from '../mediasoup-errors';
import type { ConsumerEntry } from '../peer-entities';
import type { Publisher } from '../publisher';
import type { Subscriber } from '../subscriber';

export interface ConsumeOptions {
  router: types.Router;
  subscriber: Subscriber;
  publisher: Publisher;
  producer: types.Producer;
}

/**
 * Gives a peer one producer: creates the consumer paused, offers it, and resumes it once the client has accepted.
 * So no packet arrives before the client can tell what it belongs to, and video asks for one key frame only.
 * A peer that doesn't want it, or can't, is left out; so is one whose receiving transport isn't there yet: it
 * gets everything when it creates one.
 */
export async function consume(options: ConsumeOptions): Promise<void> {
  const { router, subscriber, publisher, producer } = options;
  const { entities, rtpCapabilities } = subscriber;
  const transport = entities.receivingTransport();
  if (subscriber.closed || producer.closed || transport === undefined || rtpCapabilities === undefined)
    return;
  if (!router.canConsume({ producerId: producer.id, rtpCapabilities })) return;

  const consumer = await callMediasoup(() =>
    transport.consume({
      producerId: producer.id,
      rtpCapabilities,
      paused: true,
      // NACK for audio too, for clients that do it.
      enableRtx: true,
      ignoreDtx: true,
      appData: producer.appData,
    }),
  );
  // Either may have gone while the worker was busy; the notification of it had no listener yet.
  if (subscriber.closed || producer.closed) {
    consumer.close();
    return;
  }
  const entry: ConsumerEntry = { consumer, pausedByClient: false };
  entities.consumers.set(consumer.id, entry);
  follow(subscriber, consumer);

  try {
    await subscriber.request(
      'newConsumer',
      subscriber.dialect.newConsumer({ peerId: publisher.peerId, transportId: transport.id, consumer }),
    );
  } catch (error) {
    // Refused, or the session is gone: nothing would ever receive it.
    subscriber.logger.debug({ err: error, consumerId: consumer.id }, 'consumer not accepted');
    consumer.close();
    return;
  }
  if (consumer.closed || entry.pausedByClient) return;
  await callMediasoup(() => consumer.resume());
  if (subscriber.dialect.generation === 'legacy') {
    subscriber.notify('consumerScore', { consumerId: consumer.id, score: consumer.score });
  }
}

function follow(subscriber: Subscriber, consumer: types.Consumer): void {
  const consumerId = consumer.id;
  consumer.observer.on('close', () => subscriber.entities.consumers.delete(consumerId));
  consumer.on('producerclose', () => subscriber.notify('consumerClosed', { consumerId }));
  consumer.on('producerpause', () => subscriber.notify('consumerPaused', { consumerId }));
  consumer.on('producerresume', () => subscriber.notify('consumerResumed', { consumerId }));
  consumer.on('score', (score) => subscriber.notify('consumerScore', { consumerId, score }));
  consumer.on('layerschange', (layers) =>
    subscriber.tell(subscriber.dialect.consumerLayersChanged(consumerId, layers)),
  );
}
