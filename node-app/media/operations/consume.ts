import type { types } from 'mediasoup';
import { callMediasoup } from '../mediasoup-errors';
import type { Peer } from '../peer';
import type { ConsumerEntry } from '../peer-entities';
import type { Publisher } from '../publisher';

/**
 * Gives a peer one producer: creates the consumer paused, offers it, and resumes it once the client has accepted.
 * So no packet arrives before the client can tell what it belongs to, and video asks for one key frame only.
 * A peer that doesn't want it, or can't, is left out; so is one whose receiving transport isn't there yet: it
 * gets everything when it creates one.
 */
export async function consume(peer: Peer, publisher: Publisher, producer: types.Producer): Promise<void> {
  const { entities, room, rtpCapabilities } = peer;
  const transport = entities.receivingTransport();
  if (peer.closed || producer.closed || transport === undefined || rtpCapabilities === undefined) return;
  if (!room.router.canConsume({ producerId: producer.id, rtpCapabilities })) return;

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
  if (peer.closed || producer.closed) {
    consumer.close();
    return;
  }
  const entry: ConsumerEntry = { consumer, pausedByClient: false };
  entities.consumers.set(consumer.id, entry);
  follow(peer, consumer);

  try {
    await peer.request(
      'newConsumer',
      peer.dialect.newConsumer({ peerId: publisher.peerId, transportId: transport.id, consumer }),
    );
  } catch (error) {
    // Refused, or the session is gone: nothing would ever receive it.
    peer.logger.debug({ err: error, consumerId: consumer.id }, 'consumer not accepted');
    consumer.close();
    return;
  }
  if (consumer.closed || entry.pausedByClient) return;
  await callMediasoup(() => consumer.resume());
  if (peer.dialect.generation === 'legacy') {
    peer.notify('consumerScore', { consumerId: consumer.id, score: consumer.score });
  }
}

function follow(peer: Peer, consumer: types.Consumer): void {
  const consumerId = consumer.id;
  consumer.observer.on('close', () => peer.entities.consumers.delete(consumerId));
  consumer.on('producerclose', () => peer.notify('consumerClosed', { consumerId }));
  consumer.on('producerpause', () => peer.notify('consumerPaused', { consumerId }));
  consumer.on('producerresume', () => peer.notify('consumerResumed', { consumerId }));
  consumer.on('score', (score) => peer.notify('consumerScore', { consumerId, score }));
  consumer.on('layerschange', (layers) => peer.tell(peer.dialect.consumerLayersChanged(consumerId, layers)));
}
