import type { Dialect } from './dialect';

/** mediasoup-demo at 874520e (server/src/signaling/protooMessages.ts): the browser demo of today. */
export const currentDialect: Dialect = {
  generation: 'current',
  followsDownlinkBwe: false,

  version: (version) => ({ method: 'mediasoupVersion', data: { version } }),
  newPeer: (peer) => ({ method: 'newPeer', data: { peer } }),
  consumerLayersChanged: (consumerId, layers) => ({
    method: 'consumerLayersChanged',
    data: { consumerId, layers },
  }),
  speaking: (speakers) => {
    const speakingPeers = { method: 'speakingPeers', data: { peerVolumes: speakers } };
    // In silence nobody is the active speaker; otherwise `dominantSpeaker` says who.
    return speakers.length === 0 ? [speakingPeers, { method: 'activeSpeaker', data: {} }] : [speakingPeers];
  },
  dominantSpeaker: (peerId) => [{ method: 'activeSpeaker', data: { peerId } }],
  newConsumer: ({ peerId, publisherNodeId, transportId, consumer }) => ({
    peerId,
    publisherNodeId,
    transportId,
    consumerId: consumer.id,
    producerId: consumer.producerId,
    kind: consumer.kind,
    rtpParameters: consumer.rtpParameters,
    type: consumer.type,
    producerPaused: consumer.producerPaused,
    consumerScore: consumer.score,
    appData: consumer.appData,
  }),
  newDataConsumer: ({ peerId, transportId, dataConsumer }) => ({
    peerId,
    transportId,
    dataConsumerId: dataConsumer.id,
    dataProducerId: dataConsumer.dataProducerId,
    sctpStreamParameters: dataConsumer.sctpStreamParameters,
    label: dataConsumer.label,
    protocol: dataConsumer.protocol,
    appData: dataConsumer.appData,
  }),

  routerRtpCapabilities: (capabilities) => ({ routerRtpCapabilities: capabilities }),
  joined: (peers, audience) => ({ peers, ...(audience > 0 && { audience }) }),
  transportCreated: ({ id, iceParameters, iceCandidates, dtlsParameters, sctpParameters, iceServers }) => ({
    transportId: id,
    iceParameters,
    iceCandidates,
    dtlsParameters,
    sctpParameters,
    iceServers,
  }),
  iceRestarted: (iceParameters) => ({ iceParameters }),
  producerCreated: (producerId) => ({ producerId }),
  dataProducerCreated: (dataProducerId) => ({ dataProducerId }),
  stats: (stats) => ({ stats }),
};
