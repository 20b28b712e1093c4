import { chooseWorker } from '../../core/cascade/worker-choice';
import { workerDied } from './mediasoup-errors';
import type { MediaWorker } from './media-worker';
import type { Room } from './room';
import type { Entry, RoomAccount } from './room-account';

export interface WorkerForPeerOptions {
  /** Those that are alive. */
  workers: readonly MediaWorker[];
  room: Room;
  account: RoomAccount;
  entry: Entry;
  /** What one worker safely sends, packets per second. */
  safePacketsPerSecond: number;
}

/** On which worker a peer of a room gets its place. @throws FleetError FLEET_ERR_WORKER_DIED when none is alive */
export function workerForPeer(options: WorkerForPeerOptions): MediaWorker {
  const { workers, room, account, entry, safePacketsPerSecond } = options;
  if (workers.length === 0) throw workerDied();
  const places = workers.map((worker) => {
    const order = room.routers.findIndex((router) => router.worker === worker);
    return {
      othersPacketsPerSecond: worker.load().packetsPerSecond - account.committedPacketsPerSecondOn(worker),
      subscribers: account.subscribersOn(worker),
      order: order === -1 ? undefined : order,
    };
  });
  // Who only sends costs its worker next to nothing, wherever it is.
  const packetsPerSubscriber = entry.role.subscribes ? account.packetsPerSubscriber() : 0;
  const worker = workers[chooseWorker(places, { packetsPerSubscriber, safePacketsPerSecond })];
  return worker ?? room.firstRouter.worker;
}
