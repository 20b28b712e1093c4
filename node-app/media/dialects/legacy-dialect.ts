import type { PeerInfo } from '../../../core/protocol/demo/peer-info';
import type { Dialect } from './dialect';

/** mediasoup-demo at 0521b13 (server/lib/Room.js): what the Android, iOS, Flutter and aiortc clients speak. */
export const legacyDialect: Dialect = {
  generation: 'legacy',
  followsDownlinkBwe: true,

  version: (version) => ({ method: 'mediasoup-version', data: { version } }),
  newPeer: (peer) => ({ method: 'newPeer', data: legacyPeer(peer) }),
  consumerLayersChanged: (consumerId, layers) => ({
    method: 'consumerLayersChanged',
    data: {
      consumerId,
      spatialLayer: layers?.spatialLayer ?? null,
      temporalLayer: layers?.temporalLayer ?? null,
    },
  }),
  speaking: (speakers) => {
    const loudest = speakers[0];
    const data =
      loudest === undefined ? { peerId: null } : { peerId: loudest.peerId, volume: loudest.volume };
    return [{ method: 'activeSpeaker', data }];
  },
  // Its active speaker is the loudest, see `speaking`.
  dominantSpeaker: () => [],
  newConsumer: ({ peerId, publisherNodeId, consumer }) => ({
    peerId,
    publisherNodeId,
    producerId: consumer.producerId,
    id: consumer.id,
    kind: consumer.kind,
    rtpParameters: consumer.rtpParameters,
    type: consumer.type,
    appData: consumer.appData,
    producerPaused: consumer.producerPaused,
  }),
  newDataConsumer: ({ peerId, dataConsumer }) => ({
    peerId,
    dataProducerId: dataConsumer.dataProducerId,
    id: dataConsumer.id,
    sctpStreamParameters: dataConsumer.sctpStreamParameters,
    label: dataConsumer.label,
    protocol: dataConsumer.protocol,
    appData: dataConsumer.appData,
  }),

  routerRtpCapabilities: (capabilities) => capabilities,
  joined: (peers, audience) => ({ peers: peers.map(legacyPeer), ...(audience > 0 && { audience }) }),
  transportCreated: ({ id, iceParameters, iceCandidates, dtlsParameters, sctpParameters, iceServers }) => ({
    id,
    iceParameters,
    iceCandidates,
    dtlsParameters,
    sctpParameters,
    iceServers,
  }),
  iceRestarted: (iceParameters) => iceParameters,
  producerCreated: (producerId) => ({ id: producerId }),
  dataProducerCreated: (dataProducerId) => ({ id: dataProducerId }),
  stats: (stats) => stats,
};

function legacyPeer({ peerId, displayName, device }: PeerInfo) {
  return { id: peerId, displayName, device };
}
