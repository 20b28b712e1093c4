import { EventEmitter } from 'node:events';
import * as mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../../core/clock';
import { MediaWorker, compareLoads } from './media-worker';
import { workerDied } from './mediasoup-errors';
import { supervise } from './supervise';

export interface WorkerPoolOptions {
  workerBin: string;
  count: number;
  listenIp: string;
  announcedAddress?: string | undefined;
  /** Worker i listens on UDP and TCP port `portBase + i`; 0: any free ports. */
  portBase: number;
  clock: Clock;
  logger: Logger;
}

export interface WorkerDeath {
  worker: MediaWorker;
  pid: number;
  /** The rooms it held. */
  roomIds: string[];
  error: Error;
}

export interface WorkerDump {
  pid: number;
  routerIds: string[];
  webRtcTransportIds: string[];
  /** Routers, transports, producers, consumers and observers; the WebRtcServer is one, too. */
  entities: number;
}

export interface WorkerPoolEvents {
  died: [WorkerDeath];
  replaced: [MediaWorker];
}

/** First wait before a dead worker is replaced; doubles with each death that follows within `STABLE_MS`. */
const FIRST_BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 30_000;
/** A worker that lived this long has proven itself: its next death begins at the first wait again. */
const STABLE_MS = 60_000;

/** One worker process per core. A dead one is reported and replaced. */
export class WorkerPool extends EventEmitter<WorkerPoolEvents> {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<number, MediaWorker>();
  readonly #replacements = new Map<number, Timer>();
  #closed = false;

  private constructor(options: WorkerPoolOptions) {
    super();
    this.#options = options;
  }

  /** @throws when a worker can not start or a port is taken */
  static async create(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    try {
      await Promise.all(
        Array.from({ length: options.count }, (_, index) => pool.#start(index, FIRST_BACK_OFF_MS)),
      );
    } catch (error) {
      pool.close();
      throw error;
    }
    return pool;
  }

  /** Workers that are alive. */
  get workers(): MediaWorker[] {
    return Array.from(this.#workers.values());
  }

  /** False while a worker is missing. */
  get complete(): boolean {
    return this.#workers.size === this.#options.count;
  }

  /** The worker with the least to do. @throws FleetError FLEET_ERR_WORKER_DIED when none is alive */
  leastLoaded(): MediaWorker {
    let best: MediaWorker | undefined;
    for (const worker of this.#workers.values()) {
      if (best === undefined || compareLoads(worker.load(), best.load()) < 0) best = worker;
    }
    if (best === undefined) throw workerDied();
    return best;
  }

  /** What mediasoup says it holds. */
  async dump(): Promise<WorkerDump[]> {
    return Promise.all(
      this.workers.map(async ({ pid, worker, webRtcServer }) => {
        const [{ routerIds, channelMessageHandlers }, { webRtcTransportIds }] = await Promise.all([
          worker.dump(),
          webRtcServer.dump(),
        ]);
        const entities = channelMessageHandlers.channelRequestHandlers.length;
        return { pid, routerIds, webRtcTransportIds, entities };
      }),
    );
  }

  /** Ends the worker processes. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#replacements.values()) timer.cancel();
    this.#replacements.clear();
    for (const { worker } of this.#workers.values()) worker.close();
    this.#workers.clear();
  }

  async #start(index: number, backOffMs: number): Promise<MediaWorker> {
    const { clock, logger } = this.#options;
    const worker = await mediasoup.createWorker({ workerBin: this.#options.workerBin, logLevel: 'warn' });
    let mediaWorker: MediaWorker;
    try {
      const webRtcServer = await worker.createWebRtcServer({ listenInfos: this.#listenInfos(index) });
      if (this.#closed) throw new Error('the worker pool was closed');
      mediaWorker = new MediaWorker(index, worker, webRtcServer);
    } catch (error) {
      worker.close();
      throw error;
    }
    const startedAtMs = clock.monotonicMs();
    worker.on('died', (error) => {
      const stable = clock.monotonicMs() - startedAtMs >= STABLE_MS;
      this.#onDied(mediaWorker, error, stable ? FIRST_BACK_OFF_MS : backOffMs);
    });
    this.#workers.set(index, mediaWorker);
    logger.info({ worker: index, pid: worker.pid }, 'media worker started');
    return mediaWorker;
  }

  #listenInfos(index: number): types.TransportListenInfo[] {
    const { listenIp, announcedAddress, portBase } = this.#options;
    const port = portBase === 0 ? {} : { port: portBase + index };
    const announced = announcedAddress === undefined ? {} : { announcedAddress };
    return [
      { protocol: 'udp', ip: listenIp, ...announced, ...port },
      { protocol: 'tcp', ip: listenIp, ...announced, ...port },
    ];
  }

  #onDied(worker: MediaWorker, error: Error, backOffMs: number): void {
    if (this.#closed) return;
    const { pid, index, roomIds } = worker;
    this.#options.logger.error(
      { worker: index, pid, rooms: roomIds.length, err: error },
      'media worker died',
    );
    this.#workers.delete(index);
    this.emit('died', { worker, pid, roomIds, error });
    this.#scheduleReplacement(index, backOffMs);
  }

  #scheduleReplacement(index: number, backOffMs: number): void {
    if (this.#closed) return;
    const { clock, logger } = this.#options;
    const nextBackOffMs = Math.min(backOffMs * 2, MAX_BACK_OFF_MS);
    this.#replacements.set(
      index,
      clock.setTimer(backOffMs, () => {
        this.#replacements.delete(index);
        supervise(this.#replace(index, nextBackOffMs), logger, 'replacing a media worker');
      }),
    );
  }

  async #replace(index: number, backOffMs: number): Promise<void> {
    try {
      this.emit('replaced', await this.#start(index, backOffMs));
    } catch (error) {
      if (this.#closed) return;
      this.#options.logger.error({ worker: index, err: error }, 'a media worker could not be replaced');
      this.#scheduleReplacement(index, backOffMs);
    }
  }
}
