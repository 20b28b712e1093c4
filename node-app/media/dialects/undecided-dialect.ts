import { currentDialect } from './current-dialect';
import type { Dialect, ServerNotification } from './dialect';
import { legacyDialect } from './legacy-dialect';

/**
 * For a client that has not shown its generation yet: every message carries the fields of both. Only statistics
 * can't (an array in one, an object in the other); nobody asks for them before the first telling message.
 */
export const undecidedDialect: Dialect = {
  generation: 'undecided',
  followsDownlinkBwe: true,

  version: (version) => legacyDialect.version(version),
  newPeer: (peer) => bothNotifications(currentDialect.newPeer(peer), legacyDialect.newPeer(peer)),
  consumerLayersChanged: (consumerId, layers) =>
    bothNotifications(
      currentDialect.consumerLayersChanged(consumerId, layers),
      legacyDialect.consumerLayersChanged(consumerId, layers),
    ),
  speaking: (speakers) => [
    ...currentDialect.speaking(speakers).filter(({ method }) => method !== 'activeSpeaker'),
    ...legacyDialect.speaking(speakers),
  ],
  dominantSpeaker: (peerId) => currentDialect.dominantSpeaker(peerId),
  newConsumer: (consumer) => both(currentDialect.newConsumer(consumer), legacyDialect.newConsumer(consumer)),
  newDataConsumer: (dataConsumer) =>
    both(currentDialect.newDataConsumer(dataConsumer), legacyDialect.newDataConsumer(dataConsumer)),

  routerRtpCapabilities: (capabilities) =>
    both(
      currentDialect.routerRtpCapabilities(capabilities),
      legacyDialect.routerRtpCapabilities(capabilities),
    ),
  joined: (peers, audience) => ({
    peers: peers.map((peer) => ({ ...peer, id: peer.peerId })),
    ...(audience > 0 && { audience }),
  }),
  transportCreated: (transport) =>
    both(currentDialect.transportCreated(transport), legacyDialect.transportCreated(transport)),
  iceRestarted: (iceParameters) =>
    both(currentDialect.iceRestarted(iceParameters), legacyDialect.iceRestarted(iceParameters)),
  producerCreated: (producerId) =>
    both(currentDialect.producerCreated(producerId), legacyDialect.producerCreated(producerId)),
  dataProducerCreated: (dataProducerId) =>
    both(
      currentDialect.dataProducerCreated(dataProducerId),
      legacyDialect.dataProducerCreated(dataProducerId),
    ),
  stats: (stats) => legacyDialect.stats(stats),
};

function both(current: unknown, legacy: unknown): object {
  return Object.assign({}, current, legacy);
}

function bothNotifications(current: ServerNotification, legacy: ServerNotification): ServerNotification {
  return { method: current.method, data: both(current.data, legacy.data) };
}
