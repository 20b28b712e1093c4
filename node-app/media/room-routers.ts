import type { Logger } from 'pino';
import type { Clock } from '../../core/clock';
import type { PublishedMedia } from './cascade/pipe-source';
import type { RemotePipes } from './cascade/remote-pipes';
import type { MediaWorker } from './media-worker';
import { workerDied } from './mediasoup-errors';
import { RoomRouter } from './room-router';
import type { RoomSettings } from './room-settings';

/** Pipes within a node never leave the machine. */
const LOOPBACK = '127.0.0.1';

export interface RoomRoutersOptions {
  settings: RoomSettings;
  /** What those publish who sit on a worker. */
  publishedOn: (worker: MediaWorker) => PublishedMedia;
  /** Routers at which somebody sits. */
  used: () => ReadonlySet<RoomRouter>;
  onOpened: (router: RoomRouter) => void;
  /** It is closed, and no longer among them. */
  onClosed: (router: RoomRouter) => void;
  remotePipes: RemotePipes | undefined;
  clock: Clock;
  logger: Logger;
}

/** A right to a place at a router: it stays open until the peer has taken the place, or given it up. */
export interface RoomSeat {
  readonly roomRouter: RoomRouter;
  /** Idempotent. */
  release(): void;
}

/** A room's routers, one on each worker where somebody sits. */
export class RoomRouters {
  readonly #options: RoomRoutersOptions;
  /** In the order in which they were opened. */
  readonly #routers: RoomRouter[] = [];
  readonly #opening = new Map<MediaWorker, Promise<RoomRouter>>();
  /** Seats that are taken by nobody yet, by router. */
  readonly #seats = new Map<RoomRouter, number>();
  #closed = false;

  constructor(options: RoomRoutersOptions) {
    this.#options = options;
  }

  get all(): readonly RoomRouter[] {
    return this.#routers;
  }

  find(worker: MediaWorker): RoomRouter | undefined {
    return this.#routers.find((router) => router.worker === worker);
  }

  /**
   * Those who ask for the same at the same time get the same one.
   * @throws FleetError FLEET_ERR_WORKER_DIED
   */
  open(worker: MediaWorker): Promise<RoomRouter> {
    const opening = this.#opening.get(worker) ?? this.#create(worker);
    this.#opening.set(worker, opening);
    return opening.finally(() => this.#opening.delete(worker));
  }

  /** A place at the router on this worker, which is opened when there is none. */
  async takeSeat(worker: MediaWorker): Promise<RoomSeat> {
    const roomRouter = this.find(worker) ?? (await this.open(worker));
    this.#seats.set(roomRouter, (this.#seats.get(roomRouter) ?? 0) + 1);
    let released = false;
    return {
      roomRouter,
      release: () => {
        if (released) return;
        released = true;
        this.#seats.set(roomRouter, (this.#seats.get(roomRouter) ?? 1) - 1);
        this.closeUnused();
      },
    };
  }

  /** A room leaves a worker with the last of its peers there, and keeps its last router. */
  closeUnused(): void {
    if (this.#closed) return;
    const used = this.#options.used();
    for (const router of Array.from(this.#routers)) {
      if (this.#routers.length === 1) return;
      if (used.has(router) || (this.#seats.get(router) ?? 0) > 0) continue;
      this.forget(router);
    }
  }

  forget(router: RoomRouter): void {
    this.#routers.splice(this.#routers.indexOf(router), 1);
    this.#seats.delete(router);
    router.close();
    this.#options.onClosed(router);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    for (const router of this.#routers) router.close();
  }

  async #create(worker: MediaWorker): Promise<RoomRouter> {
    const { settings, publishedOn, remotePipes, onOpened, clock, logger } = this.#options;
    const router = await RoomRouter.create({
      worker,
      pipeAddress: { ip: LOOPBACK, portRange: settings.plainPortRange },
      published: publishedOn(worker),
      remotePipes,
      remotePipeAddressFor: (nodeId) =>
        remotePipes?.isFar(nodeId) === true ? settings.farPipeAddress : settings.pipeAddress,
      clock,
      logger,
    });
    if (this.#closed || !worker.alive) {
      router.close();
      throw workerDied();
    }
    this.#routers.push(router);
    onOpened(router);
    return router;
  }
}
