import type { ClientData } from '../../../core/protocol/demo/client-messages';
import { callMediasoup } from '../mediasoup-errors';
import type { Peer } from '../peer';

export async function pauseConsumer(peer: Peer, { consumerId }: ClientData<'pauseConsumer'>): Promise<void> {
  const entry = peer.entities.consumer(consumerId);
  entry.pausedByClient = true;
  await callMediasoup(() => entry.consumer.pause());
}

export async function resumeConsumer(
  peer: Peer,
  { consumerId }: ClientData<'resumeConsumer'>,
): Promise<void> {
  const entry = peer.entities.consumer(consumerId);
  entry.pausedByClient = false;
  await callMediasoup(() => entry.consumer.resume());
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
