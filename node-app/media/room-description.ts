import type { CapacityVector } from '../../core/capacity/capacity-vector';
import type { Generation } from '../../core/protocol/demo/generation';
import type { Peer } from './peer';
import type { PeerEntities } from './peer-entities';
import type { Room } from './room';
import type { RoomAccount } from './room-account';

/** A room as its node sees it now, for operators. */
export interface RoomDescription {
  roomId: string;
  epoch: number;
  /** Milliseconds since 1970. */
  createdAtMs: number;
  /** Which of the node's workers has it. */
  worker: number;
  measured: CapacityVector;
  committed: CapacityVector;
  peers: PeerDescription[];
  broadcasters: BroadcasterDescription[];
}

export interface BroadcasterDescription {
  peerId: string;
  joined: boolean;
  transports: number;
  producers: ProducerDescription[];
  consumers: number;
}

export interface PeerDescription extends BroadcasterDescription {
  /** Empty before it joined. */
  displayName: string;
  remoteAddress: string;
  generation: Generation;
  dataProducers: number;
  dataConsumers: number;
}

export interface ProducerDescription {
  id: string;
  kind: string;
  /** simple, simulcast, svc or pipe. */
  type: string;
  codec: string;
  paused: boolean;
}

export function describeRoom(room: Room, account: RoomAccount): RoomDescription {
  return {
    roomId: room.roomId,
    epoch: account.epoch,
    createdAtMs: room.createdAtMs,
    worker: room.worker.index,
    measured: account.measured(),
    committed: account.committed(),
    peers: room.peers.map(describePeer),
    broadcasters: Array.from(room.broadcasters.values(), ({ peerId, joined, entities }) => ({
      peerId,
      joined,
      ...describeEntities(entities),
    })),
  };
}

function describePeer(peer: Peer): PeerDescription {
  const { peerId, joined, remoteAddress, entities } = peer;
  return {
    peerId,
    joined,
    displayName: joined ? peer.joinDetails().displayName : '',
    remoteAddress,
    generation: peer.dialect.generation,
    ...describeEntities(entities),
    dataProducers: entities.dataProducers.size,
    dataConsumers: entities.dataConsumers.size,
  };
}

function describeEntities(entities: PeerEntities) {
  return {
    transports: entities.transports.size,
    producers: Array.from(entities.producers.values(), ({ id, kind, type, paused, rtpParameters }) => ({
      id,
      kind,
      type,
      codec: rtpParameters.codecs[0]?.mimeType ?? '',
      paused,
    })),
    consumers: entities.consumers.size,
  };
}
