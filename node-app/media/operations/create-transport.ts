import type { types } from 'mediasoup';
import type { ClientData } from '../../../core/protocol/demo/client-messages';
import type { CreatedTransport } from '../dialects/dialect';
import { callMediasoup } from '../mediasoup-errors';
import type { Peer } from '../peer';
import type { PeerEntities, PeerTransport, TransportUse } from '../peer-entities';
import type { Room } from '../room';
import type { RoomRouter } from '../room-router';
import { supervise } from '../supervise';

/** A client sees its downlink estimate at most this often. */
const DOWNLINK_BWE_INTERVAL_MS = 1_000;

/** A peer may create transports before it joins, so that it is ready when it does. */
export async function createPeerTransport(
  peer: Peer,
  data: ClientData<'createWebRtcTransport'>,
): Promise<CreatedTransport> {
  const use = transportUse(data);
  const { room, roomRouter, entities } = peer;
  // The current generation always has data channels and doesn't say so any more.
  const enableSctp = data.sctpCapabilities || peer.dialect.generation === 'current';
  const transport = await createWebRtcTransport({
    room,
    roomRouter,
    entities,
    use,
    enableSctp,
    forceTcp: data.forceTcp,
  });
  if (peer.closed) {
    transport.close();
    peer.assertOpen();
  }
  watch(peer, transport, use);
  if (use.receives && peer.listening) room.subscribeToAll(peer);
  return describeTransport(room, transport);
}

export interface CreateWebRtcTransportOptions {
  room: Room;
  roomRouter: RoomRouter;
  entities: PeerEntities;
  use: TransportUse;
  enableSctp: boolean;
  forceTcp: boolean;
}

export async function createWebRtcTransport(
  options: CreateWebRtcTransportOptions,
): Promise<types.WebRtcTransport> {
  const { room, roomRouter, entities, use, enableSctp, forceTcp } = options;
  const { initialAvailableOutgoingBitrate, maxIncomingBitrate } = room.settings;
  return entities.createWithinLimit('transports', () =>
    callMediasoup(async () => {
      const transport = await roomRouter.router.createWebRtcTransport({
        webRtcServer: roomRouter.webRtcServer,
        enableUdp: !forceTcp,
        enableTcp: true,
        preferUdp: true,
        initialAvailableOutgoingBitrate,
        enableSctp,
      });
      try {
        if (maxIncomingBitrate !== undefined) await transport.setMaxIncomingBitrate(maxIncomingBitrate);
      } catch (error) {
        transport.close();
        throw error;
      }
      track(entities, transport, use);
      return transport;
    }),
  );
}

/** Keeps the transport among the peer's until it closes. */
export function track(entities: PeerEntities, transport: PeerTransport, use: TransportUse): void {
  entities.transports.set(transport.id, { transport, use });
  const forget = () => {
    entities.transports.delete(transport.id);
  };
  if (transport.type === 'webrtc') transport.observer.on('close', forget);
  else transport.observer.on('close', forget);
}

export function describeTransport(room: Room, transport: types.WebRtcTransport): CreatedTransport {
  const { iceServers } = room.settings;
  return {
    id: transport.id,
    iceParameters: transport.iceParameters,
    iceCandidates: transport.iceCandidates,
    dtlsParameters: transport.dtlsParameters,
    sctpParameters: transport.sctpParameters,
    iceServers: iceServers.length === 0 ? undefined : iceServers,
  };
}

function transportUse(data: ClientData<'createWebRtcTransport'>): TransportUse {
  const { direction } = data.appData;
  const sends = data.producing ?? (direction === undefined ? undefined : direction === 'producer');
  const receives = data.consuming ?? (direction === undefined ? undefined : direction === 'consumer');
  if (sends === undefined && receives === undefined) return { sends: true, receives: true };
  return { sends: sends ?? false, receives: receives ?? false };
}

function watch(peer: Peer, transport: types.WebRtcTransport, use: TransportUse): void {
  transport.on('dtlsstatechange', (dtlsState) => {
    if (dtlsState === 'failed') peer.logger.warn({ transportId: transport.id }, 'DTLS failed');
  });
  if (!use.receives || !peer.dialect.followsDownlinkBwe) return;
  let lastTold = Number.NEGATIVE_INFINITY;
  transport.on('trace', (trace) => {
    const now = peer.room.clock.monotonicMs();
    if (trace.type !== 'bwe' || trace.direction !== 'out' || now - lastTold < DOWNLINK_BWE_INTERVAL_MS)
      return;
    lastTold = now;
    if (typeof trace.info === 'object' && trace.info !== null)
      peer.notify('downlinkBwe', pickBwe(trace.info));
  });
  supervise(transport.enableTraceEvent(['bwe']), peer.logger, 'following the downlink estimate');
}

function pickBwe(info: object): object {
  const { desiredBitrate, effectiveDesiredBitrate, availableBitrate } = info as Record<string, unknown>;
  return { desiredBitrate, effectiveDesiredBitrate, availableBitrate };
}
