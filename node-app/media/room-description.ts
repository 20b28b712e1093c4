import type { RoomDetail } from '../../core/protocol/room-detail';
import type { PeerEntities } from './peer-entities';
import type { Room } from './room';
import type { RoomAccount } from './room-account';
import type { RoomCascade } from './room-cascade';

/** A room as its node sees it now, for operators. Broadcasters count as peers. */
export function describeRoom(room: Room, account: RoomAccount, cascade?: RoomCascade): RoomDetail {
  const regions = cascade?.describeRegions();
  const { egressBps, packetsPerSecond } = account.measured();
  return {
    roomId: room.roomId,
    epoch: account.epoch,
    createdAtMs: room.createdAtMs,
    egressBps,
    packetsPerSecond,
    peers: [
      ...room.peers.map((peer) => ({
        peerId: peer.peerId,
        ...(peer.joinedAtMs !== undefined && { displayName: peer.info().displayName }),
        joinedAtMs: peer.joinedAtMs,
        worker: peer.roomRouter.worker.index,
        ...countEntities(peer.entities),
      })),
      ...Array.from(room.broadcasters.values(), (broadcaster) => ({
        peerId: broadcaster.peerId,
        displayName: broadcaster.info().displayName,
        worker: broadcaster.roomRouter.worker.index,
        ...countEntities(broadcaster.entities),
      })),
    ],
    pipes: room.routers.flatMap((router) => router.describePipes()),
    ...(regions && { regions }),
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
