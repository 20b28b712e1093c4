import type { ClientData } from '../../../core/protocol/demo/client-messages';
import { callMediasoup } from '../mediasoup-errors';
import type { Peer } from '../peer';

export async function pauseConsumer(peer: Peer, { consumerId }: ClientData<'pauseConsumer'>): Promise<void> {
  await peer.entities.consumer(consumerId).pauseByClient();
}

export async function resumeConsumer(
  peer: Peer,
  { consumerId }: ClientData<'resumeConsumer'>,
): Promise<void> {
  await peer.entities.consumer(consumerId).resumeByClient();
}

export async function setConsumerPreferredLayers(
  peer: Peer,
  { consumerId, spatialLayer, temporalLayer }: ClientData<'setConsumerPreferredLayers'>,
): Promise<void> {
  const { consumer, watched } = peer.entities.consumer(consumerId);
  await callMediasoup(() => consumer.setPreferredLayers({ spatialLayer, temporalLayer }));
  watched.preferredLayersChanged();
}

export async function setConsumerPriority(
  peer: Peer,
  { consumerId, priority }: ClientData<'setConsumerPriority'>,
): Promise<void> {
  const { consumer } = peer.entities.consumer(consumerId);
  await callMediasoup(() => consumer.setPriority(priority));
}

export async function requestConsumerKeyFrame(
  peer: Peer,
  { consumerId }: ClientData<'requestConsumerKeyFrame'>,
): Promise<void> {
  const { consumer } = peer.entities.consumer(consumerId);
  await callMediasoup(() => consumer.requestKeyFrame());
}
