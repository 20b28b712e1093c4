import type { types } from 'mediasoup';
import { FleetError } from '../../../core/errors';
import type { ClientData, ClientMethod } from '../../../core/protocol/demo/client-messages';
import { EXTENSION_METHODS, type ProducerLayersWanted } from '../../../core/protocol/fleet-extensions';
import { withoutCaptureTime } from '../capture-time';
import { callMediasoup } from '../mediasoup-errors';
import type { Peer } from '../peer';
import {
  pauseConsumer,
  requestConsumerKeyFrame,
  resumeConsumer,
  setConsumerPreferredLayers,
  setConsumerPriority,
} from './control-consumer';
import { createPeerTransport } from './create-transport';
import { produce } from './produce';
import { produceData } from './produce-data';

type ClientHandlers = {
  [M in ClientMethod]: (peer: Peer, data: ClientData<M>) => unknown;
};

/** What each message of a client does; the answer is in the client's dialect. */
export const clientHandlers: ClientHandlers = {
  // There is no rtcstats server; without a URL the client goes on without.
  getRtcStatsUrl: () => ({}),
  getRouterRtpCapabilities: (peer) => peer.dialect.routerRtpCapabilities(peer.room.clientCapabilities),
  join: (peer, { displayName, device, rtpCapabilities, slots }) => {
    peer.join({
      displayName,
      device,
      rtpCapabilities:
        rtpCapabilities === undefined
          ? undefined
          : (withoutCaptureTime(rtpCapabilities) as types.RtpCapabilities),
      slots,
    });
    const { peers, audience } = peer.room.joined(peer);
    return peer.dialect.joined(peers, audience);
  },

  takeOver: (peer) => {
    peer.takeOver();
    return {};
  },
  migrationFailed: (peer, { code }) => {
    peer.logger.info({ code }, 'the client could not migrate');
    peer.migrationFailed();
    return {};
  },

  createWebRtcTransport: async (peer, data) => {
    const transport = await createPeerTransport(peer, data);
    return peer.dialect.transportCreated(transport);
  },
  connectWebRtcTransport: async (peer, { transportId, dtlsParameters }) => {
    const transport = peer.entities.webRtcTransport(transportId);
    await callMediasoup(() => transport.connect({ dtlsParameters }));
    return {};
  },
  restartIce: async (peer, { transportId }) => {
    const transport = peer.entities.webRtcTransport(transportId);
    return peer.dialect.iceRestarted(await callMediasoup(() => transport.restartIce()));
  },

  produce: async (peer, data) => {
    peer.joinDetails();
    if (!peer.grants.canPublish)
      throw new FleetError('FLEET_ERR_FORBIDDEN', { message: 'no right to publish' });
    const producer = await produce({ room: peer.room, publisher: peer, ...data });
    const producerId = producer.id;
    peer.roomRouter.demandFor(producer)?.listen((spatialLayer) => {
      const wanted: ProducerLayersWanted = { producerId, spatialLayer };
      peer.notify(EXTENSION_METHODS.producerLayersWanted, wanted);
    });
    producer.on('score', (score) => peer.notify('producerScore', { producerId, score }));
    return peer.dialect.producerCreated(producerId);
  },
  closeProducer: (peer, { producerId }) => {
    peer.entities.producer(producerId).close();
    return {};
  },
  pauseProducer: async (peer, { producerId }) => {
    const producer = peer.entities.producer(producerId);
    await callMediasoup(() => producer.pause());
    return {};
  },
  resumeProducer: async (peer, { producerId }) => {
    const producer = peer.entities.producer(producerId);
    await callMediasoup(() => producer.resume());
    return {};
  },

  pauseConsumer: done(pauseConsumer),
  resumeConsumer: done(resumeConsumer),
  setConsumerPreferredLayers: done(setConsumerPreferredLayers),
  setConsumerPriority: done(setConsumerPriority),
  requestConsumerKeyFrame: done(requestConsumerKeyFrame),

  produceData: async (peer, data) => {
    peer.joinDetails();
    if (!peer.grants.canPublishData) {
      throw new FleetError('FLEET_ERR_FORBIDDEN', { message: 'no right to publish data' });
    }
    const dataProducer = await produceData({ room: peer.room, publisher: peer, ...data });
    return peer.dialect.dataProducerCreated(dataProducer.id);
  },
  changeDisplayName: (peer, { displayName }) => {
    peer.room.renamed(peer, displayName, peer.rename(displayName));
    return {};
  },

  setPinnedPeers: (peer, { peerIds }) => {
    peer.room.forwarding.pin(peer, peerIds);
    return {};
  },

  getTransportStats: (peer, { transportId }) => stats(peer, peer.entities.transport(transportId).transport),
  getProducerStats: (peer, { producerId }) => stats(peer, peer.entities.producer(producerId)),
  getConsumerStats: (peer, { consumerId }) => stats(peer, peer.entities.consumer(consumerId).consumer),
  getDataProducerStats: (peer, { dataProducerId }) => stats(peer, peer.entities.dataProducer(dataProducerId)),
  getDataConsumerStats: (peer, { dataConsumerId }) => stats(peer, peer.entities.dataConsumer(dataConsumerId)),

  applyNetworkThrottle: refuseThrottle,
  resetNetworkThrottle: refuseThrottle,
  stopNetworkThrottle: refuseThrottle,
};

/** For operations without an answer of their own. */
function done<D>(operation: (peer: Peer, data: D) => Promise<void>) {
  return async (peer: Peer, data: D): Promise<object> => {
    await operation(peer, data);
    return {};
  };
}

async function stats(peer: Peer, entity: { getStats(): Promise<unknown[]> }): Promise<unknown> {
  return peer.dialect.stats(await callMediasoup(() => entity.getStats()));
}

function refuseThrottle(): never {
  throw new FleetError('FLEET_ERR_FORBIDDEN', {
    message: 'the network of a node is not a client’s to shape',
  });
}
