import type { types } from 'mediasoup';
import { FleetError } from '../../../core/errors';
import type { BroadcasterParams } from '../../../core/protocol/demo/broadcaster-operations';
import { Broadcaster } from '../broadcaster';
import type { BroadcasterHandlers } from '../broadcaster-port';
import { withoutCaptureTime } from '../capture-time';
import { ConsumerEntry } from '../consumer-entry';
import { callMediasoup } from '../mediasoup-errors';
import type { TransportUse } from '../peer-entities';
import { peerStamp } from '../peer-stamp';
import type { Room } from '../room';
import { createWebRtcTransport, describeTransport, track } from './create-transport';
import { produce } from './produce';
import { produceData } from './produce-data';
import { releasingOnFailure } from './releasing-on-failure';

/** Broadcasters that a room takes: each holds UDP ports of its own. */
const MAX_BROADCASTERS_PER_ROOM = 20;

/** Answers carry the fields of both generations of mediasoup-demo's HTTP API. */
export const broadcasterHandlers: BroadcasterHandlers<Room> = {
  getRouterRtpCapabilities: (room) => {
    const capabilities = room.clientCapabilities;
    return { ...capabilities, routerRtpCapabilities: capabilities };
  },

  createBroadcaster: (room, params) => {
    replaceOwner(room, params.broadcasterId);
    if (room.broadcasters.size >= MAX_BROADCASTERS_PER_ROOM) {
      throw new FleetError('FLEET_ERR_LIMIT_EXCEEDED', {
        message: `at most ${MAX_BROADCASTERS_PER_ROOM} broadcasters per room`,
      });
    }
    const broadcaster = new Broadcaster({
      broadcasterId: params.broadcasterId,
      room,
      roomRouter: room.firstRouter,
      stamp: peerStamp(undefined, room.clock.nowMs()),
      displayName: params.displayName,
      device: params.device,
      remoteAddress: params.remoteAddress,
      rtpCapabilities: capabilitiesOf(params.rtpCapabilities),
    });
    room.broadcasters.set(broadcaster.peerId, broadcaster);
    if (params.joins) broadcaster.join();
    return { peers: consumablePeers(room, broadcaster) };
  },

  joinBroadcaster: (room, { broadcasterId }) => {
    broadcasterOf(room, broadcasterId).join();
    return {};
  },

  deleteBroadcaster: (room, { broadcasterId }) => {
    broadcasterOf(room, broadcasterId).close();
    return {};
  },

  createTransport: async (room, params) => {
    const broadcaster = broadcasterOf(room, params.broadcasterId);
    const created =
      params.type === 'plain'
        ? await createPlainTransport(room, broadcaster, params)
        : await createBroadcasterWebRtcTransport(room, broadcaster, params);
    if (broadcaster.closed) {
      broadcaster.entities.close();
      throw noBroadcaster(params.broadcasterId);
    }
    return created;
  },

  connectTransport: async (room, params) => {
    const { transport } = broadcasterOf(room, params.broadcasterId).entities.transport(params.transportId);
    const { dtlsParameters, ip, port, rtcpPort, srtpParameters } = params;
    if (transport.type === 'webrtc') {
      if (dtlsParameters === undefined) throw missing('dtlsParameters');
      await callMediasoup(() => transport.connect({ dtlsParameters }));
    } else {
      // mediasoup knows which of them this transport needs.
      await callMediasoup(() => transport.connect({ ip, port, rtcpPort, srtpParameters }));
    }
    return {};
  },

  produce: async (room, { broadcasterId, ...params }) => {
    const publisher = broadcasterOf(room, broadcasterId);
    assertJoined(publisher);
    const { id } = await produce({ room, publisher, ...params });
    return { id, producerId: id };
  },

  consume: async (room, params) => {
    const broadcaster = broadcasterOf(room, params.broadcasterId);
    assertJoined(broadcaster);
    const { transport } = broadcaster.entities.transport(params.transportId);
    const rtpCapabilities = capabilitiesOf(params.rtpCapabilities) ?? broadcaster.rtpCapabilities;
    if (rtpCapabilities === undefined) throw missing('rtpCapabilities');
    const { producerId } = params;
    const publication = room
      .publishers()
      .flatMap((publisher) => publisher.publications())
      .find(({ id }) => id === producerId);
    if (publication === undefined) {
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `no producer ${producerId}` });
    }
    if (!publication.mayBeConsumed(rtpCapabilities)) {
      throw new FleetError('FLEET_ERR_BAD_REQUEST', { message: `cannot consume producer ${producerId}` });
    }
    const hold = await publication.reachFrom(broadcaster.roomRouter);
    const consumer = await releasingOnFailure(hold, () =>
      transport.consume({
        producerId,
        rtpCapabilities,
        paused: params.paused ?? false,
        appData: publication.appData,
      }),
    );
    consumer.observer.once('close', () => hold.release());
    if (broadcaster.closed || publication.closed) {
      consumer.close();
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `no producer ${producerId}` });
    }
    const { consumers } = broadcaster.entities;
    const watched = hold.value.watch(consumer);
    const publisherId = String(publication.appData.peerId);
    consumers.set(consumer.id, new ConsumerEntry({ consumer, publisherId, watched, accepted: true }));
    consumer.observer.on('close', () => consumers.delete(consumer.id));
    return {
      id: consumer.id,
      consumerId: consumer.id,
      producerId,
      kind: consumer.kind,
      rtpParameters: consumer.rtpParameters,
      type: consumer.type,
    };
  },

  resumeConsumer: async (room, { broadcasterId, consumerId }) => {
    await broadcasterOf(room, broadcasterId).entities.consumer(consumerId).resumeByClient();
    return {};
  },

  listProducers: (room, { broadcasterId }) => {
    broadcasterOf(room, broadcasterId);
    const peerProducersInfos = room
      .publishers()
      .map((publisher) => ({
        peerId: publisher.peerId,
        producers: publisher.publications().map(({ id, kind, appData, codecs }) => ({
          producerId: id,
          kind,
          source: appData.source,
          consumableCodecs: codecs,
        })),
      }))
      .filter(({ producers }) => producers.length > 0);
    return { peerProducersInfos };
  },

  produceData: async (room, { broadcasterId, ...params }) => {
    const publisher = broadcasterOf(room, broadcasterId);
    assertJoined(publisher);
    const { id } = await produceData({ room, publisher, ...params });
    return { id, dataProducerId: id };
  },

  consumeData: async (room, { broadcasterId, transportId, dataProducerId }) => {
    const broadcaster = broadcasterOf(room, broadcasterId);
    assertJoined(broadcaster);
    const { transport } = broadcaster.entities.transport(transportId);
    const publication = room
      .publishers()
      .flatMap((publisher) => publisher.dataPublications())
      .find(({ id }) => id === dataProducerId);
    if (publication === undefined) {
      throw new FleetError('FLEET_ERR_NOT_FOUND', { message: `no data producer ${dataProducerId}` });
    }
    const hold = await publication.reachFrom(broadcaster.roomRouter);
    const dataConsumer = await releasingOnFailure(hold, () => transport.consumeData({ dataProducerId }));
    dataConsumer.observer.once('close', () => hold.release());
    if (broadcaster.closed) {
      dataConsumer.close();
      throw noBroadcaster(broadcasterId);
    }
    const { dataConsumers } = broadcaster.entities;
    dataConsumers.set(dataConsumer.id, dataConsumer);
    dataConsumer.observer.on('close', () => dataConsumers.delete(dataConsumer.id));
    const streamId = dataConsumer.sctpStreamParameters?.streamId;
    return { id: dataConsumer.id, dataConsumerId: dataConsumer.id, streamId };
  },
};

/** As in mediasoup-demo, a broadcaster takes the place of whoever had its id; only not of a live peer. */
function replaceOwner(room: Room, broadcasterId: string): void {
  if (room.peer(broadcasterId) !== undefined) throw new FleetError('FLEET_ERR_PEER_EXISTS');
  room.broadcasters.get(broadcasterId)?.close();
}

async function createPlainTransport(
  room: Room,
  broadcaster: Broadcaster,
  params: BroadcasterParams<'createTransport'>,
): Promise<object> {
  const { listenIp, announcedAddress, plainPortRange } = room.settings;
  const transport = await broadcaster.entities.createWithinLimit('transports', () =>
    callMediasoup(async () => {
      const created = await broadcaster.roomRouter.router.createPlainTransport({
        listenInfo: {
          protocol: 'udp',
          ip: listenIp,
          ...(announcedAddress === undefined ? {} : { announcedAddress }),
          ...(plainPortRange === undefined ? {} : { portRange: plainPortRange }),
        },
        rtcpMux: params.rtcpMux ?? false,
        // A receiver's address has to be told; a sender's shows with its first packet.
        comedia: params.comedia ?? params.direction !== 'consumer',
        enableSctp: params.sctpCapabilities,
        enableSrtp: params.srtpCryptoSuite !== undefined,
        srtpCryptoSuite: params.srtpCryptoSuite,
      });
      track(broadcaster.entities, created, transportUse(params));
      return created;
    }),
  );
  return {
    id: transport.id,
    transportId: transport.id,
    ip: transport.tuple.localAddress,
    port: transport.tuple.localPort,
    rtcpPort: transport.rtcpTuple?.localPort,
    sctpParameters: transport.sctpParameters,
    srtpParameters: transport.srtpParameters,
  };
}

async function createBroadcasterWebRtcTransport(
  room: Room,
  broadcaster: Broadcaster,
  params: BroadcasterParams<'createTransport'>,
): Promise<object> {
  const transport = await createWebRtcTransport({
    room,
    roomRouter: broadcaster.roomRouter,
    entities: broadcaster.entities,
    use: transportUse(params),
    enableSctp: params.sctpCapabilities,
    forceTcp: false,
  });
  const { id, ...parameters } = describeTransport(room, transport);
  return { id, transportId: id, ...parameters };
}

function transportUse({ direction }: BroadcasterParams<'createTransport'>): TransportUse {
  return { sends: direction !== 'consumer', receives: direction !== 'producer' };
}

/** For a broadcaster that said what it can receive, as the older generation does: whom it finds. */
function consumablePeers(room: Room, broadcaster: Broadcaster): object[] {
  const { rtpCapabilities } = broadcaster;
  if (rtpCapabilities === undefined) return [];
  return room
    .publishers()
    .filter(({ peerId }) => !room.broadcasters.has(peerId))
    .map((peer) => {
      const { peerId, displayName, device } = peer.info();
      const producers = peer
        .publications()
        .filter((publication) => publication.mayBeConsumed(rtpCapabilities))
        .map(({ id, kind }) => ({ id, kind }));
      return { id: peerId, displayName, device, producers };
    });
}

function capabilitiesOf(
  capabilities: BroadcasterParams<'consume'>['rtpCapabilities'],
): types.RtpCapabilities | undefined {
  return capabilities === undefined ? undefined : (withoutCaptureTime(capabilities) as types.RtpCapabilities);
}

function broadcasterOf(room: Room, broadcasterId: string): Broadcaster {
  const broadcaster = room.broadcasters.get(broadcasterId);
  if (broadcaster === undefined) throw noBroadcaster(broadcasterId);
  return broadcaster;
}

function noBroadcaster(broadcasterId: string): FleetError {
  return new FleetError('FLEET_ERR_NOT_FOUND', { message: `no broadcaster ${broadcasterId.slice(0, 100)}` });
}

function missing(field: string): FleetError {
  return new FleetError('FLEET_ERR_BAD_REQUEST', { message: `${field}: is required` });
}

function assertJoined(broadcaster: Broadcaster): void {
  if (!broadcaster.joined) throw new FleetError('FLEET_ERR_NOT_JOINED');
}
