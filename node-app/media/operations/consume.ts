import type { types } from 'mediasoup';
import { ConsumerEntry } from '../consumer-entry';
import type { FirstViewer } from '../first-picture';
import type { Publication } from '../publication';
import type { Subscriber } from '../subscriber';
import { releasingOnFailure } from './releasing-on-failure';

export interface ConsumeOptions {
  subscriber: Subscriber;
  /** Who sends it. */
  publisherId: string;
  publication: Publication;
  /** Of a picture that is new in the room. @default it begins with the client's answer */
  firstViewer?: FirstViewer | undefined;
  /** There is a consumer, which sends nothing yet. */
  onConsumer: (entry: ConsumerEntry) => void;
  /** The client has it. */
  onAccepted: (entry: ConsumerEntry) => void;
  /** The consumer has ended though the publication and the subscriber live. */
  onLost: () => void;
}

/**
 * Gives a peer one producer: creates the consumer paused, offers it, and resumes it once the client has accepted.
 * So no packet arrives before the client can tell what it belongs to, and video asks for one key frame only.
 * A peer that doesn't want it, or can't, is left out; so is one whose receiving transport isn't there yet: it
 * gets everything when it creates one.
 */
export async function consume(options: ConsumeOptions): Promise<void> {
  try {
    await offer(options);
  } finally {
    // Also when it came to nothing: the others don't wait for it.
    options.subscriber.slots?.done(options.publication.id);
    options.firstViewer?.gone();
  }
}

async function offer(options: ConsumeOptions): Promise<void> {
  const { subscriber, publisherId, publication } = options;
  const { entities, rtpCapabilities } = subscriber;
  if (subscriber.closed || publication.closed || rtpCapabilities === undefined) return;
  if (entities.receivingTransport() === undefined) return;
  if (!publication.mayBeConsumed(rtpCapabilities)) return;

  const { roomRouter, slots } = subscriber;
  const hold = await publication.reachFrom(roomRouter);
  const transport = entities.receivingTransport();
  const canConsume = roomRouter.router.canConsume({ producerId: publication.id, rtpCapabilities });
  if (subscriber.closed || publication.closed || transport === undefined || !canConsume) {
    hold.release();
    return;
  }
  const consumer = await releasingOnFailure(hold, () =>
    transport.consume({
      producerId: publication.id,
      rtpCapabilities,
      paused: true,
      // NACK for audio too, for clients that do it.
      enableRtx: true,
      ignoreDtx: true,
      appData: publication.appData,
      mid: slots?.midFor(publication.id),
    }),
  );
  consumer.observer.once('close', () => hold.release());
  // Any of them may have gone while the worker was busy; the notification of it had no listener yet.
  if (subscriber.closed || publication.closed || hold.value.producer.closed) {
    consumer.close();
    hold.release();
    if (!subscriber.closed && !publication.closed) options.onLost();
    return;
  }
  const entry = new ConsumerEntry({ consumer, publisherId, watched: hold.value.watch(consumer) });
  entities.consumers.set(consumer.id, entry);
  follow(options, consumer);
  options.onConsumer(entry);

  try {
    await slots?.turn(publication.id);
    if (consumer.closed) return;
    const accepted = subscriber.request(
      'newConsumer',
      subscriber.dialect.newConsumer({
        peerId: publisherId,
        publisherNodeId: publication.nodeId,
        transportId: transport.id,
        consumer,
      }),
    );
    slots?.done(publication.id);
    await accepted;
  } catch (error) {
    // Refused, or the session is gone: nothing would ever receive it.
    subscriber.logger.debug({ err: error, consumerId: consumer.id }, 'consumer not accepted');
    consumer.close();
    return;
  }
  options.firstViewer?.ready(transport);
  await options.firstViewer?.begins;
  if (consumer.closed) return;
  await entry.accept();
  options.onAccepted(entry);
  if (subscriber.dialect.generation === 'legacy') {
    subscriber.notify('consumerScore', { consumerId: consumer.id, score: consumer.score });
  }
}

function follow({ subscriber, publication, onLost }: ConsumeOptions, consumer: types.Consumer): void {
  const consumerId = consumer.id;
  consumer.observer.on('close', () => subscriber.entities.consumers.delete(consumerId));
  consumer.on('producerclose', () => {
    subscriber.notify('consumerClosed', { consumerId });
    if (!publication.closed && !subscriber.closed) onLost();
  });
  consumer.on('producerpause', () => subscriber.notify('consumerPaused', { consumerId }));
  consumer.on('producerresume', () => subscriber.notify('consumerResumed', { consumerId }));
  consumer.on('score', (score) => subscriber.notify('consumerScore', { consumerId, score }));
  consumer.on('layerschange', (layers) =>
    subscriber.tell(subscriber.dialect.consumerLayersChanged(consumerId, layers)),
  );
}
