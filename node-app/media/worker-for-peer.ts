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
  /** From a clock that never goes back. */
  nowMs: number;
}

/** On which worker a peer of a room gets its place. @throws FleetError FLEET_ERR_WORKER_DIED when none is alive */
export function workerForPeer(options: WorkerForPeerOptions): MediaWorker {
  const { workers, room, account, entry, safePacketsPerSecond, nowMs } = options;
  const [only, ...others] = workers;
  if (only === undefined) throw workerDied();
  if (others.length === 0) return only;
  const places = workers.map((worker) => {
    const order = room.routers.findIndex((router) => router.worker === worker);
    return {
      othersPacketsPerSecond: worker.packetsPerSecondWithout(account.tenantOn(worker), nowMs),
      subscribers: account.subscribersOn(worker),
      order: order === -1 ? undefined : order,
    };
  });
  // Who only sends costs its worker next to nothing, wherever it is.
  const packetsPerSubscriber = entry.role.subscribes ? account.packetsPerSubscriber() : 0;
  return workers[chooseWorker(places, { packetsPerSubscriber, safePacketsPerSecond })] ?? only;
}
