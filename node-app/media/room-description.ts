import type { RoomDetail } from '../../core/protocol/room-detail';
import type { PeerEntities } from './peer-entities';
import type { Room } from './room';
import type { RoomAccount } from './room-account';

/** A room as its node sees it now, for operators. Broadcasters count as peers. */
export function describeRoom(room: Room, account: RoomAccount): RoomDetail {
  const { egressBps, packetsPerSecond } = account.measured();
  return {
    roomId: room.roomId,
    epoch: account.epoch,
    createdAtMs: room.createdAtMs,
    egressBps,
    packetsPerSecond,
    peers: [
      ...room.peers.map(({ peerId, joinedAtMs, entities }) => ({
        peerId,
        joinedAtMs,
        ...countEntities(entities),
      })),
      ...Array.from(room.broadcasters.values(), ({ peerId, entities }) => ({
        peerId,
        ...countEntities(entities),
      })),
    ],
  };
}

function countEntities(entities: PeerEntities) {
  return {
    transports: entities.transports.size,
    producers: entities.producers.size,
    consumers: entities.consumers.size,
    dataProducers: entities.dataProducers.size,
    dataConsumers: entities.dataConsumers.size,
  };
}
