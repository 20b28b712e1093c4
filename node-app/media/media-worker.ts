import type { types } from 'mediasoup';

/** What a room weighs on its worker. */
export interface WorkerTenant {
  readonly roomId: string;
  /** Packets per second that the room has reserved or sends, whichever is more. */
  committedPacketsPerSecond(): number;
  /** Consumers that exist now. */
  consumerCount(): number;
}

/** What the tenants of a worker weighed at one moment, packets per second. */
interface Weighing {
  atMs: number;
  byTenant: Map<WorkerTenant, number>;
  total: number;
}

/** Asking every tenant costs too much for every join on a node with thousands of rooms. */
const WEIGHING_HOLDS_MS = 1_000;

/** A mediasoup worker with its WebRtcServer, and the rooms on it. */
export class MediaWorker {
  readonly #tenants = new Set<WorkerTenant>();
  #weighing: Weighing | undefined;

  constructor(
    readonly index: number,
    readonly worker: types.Worker,
    readonly webRtcServer: types.WebRtcServer,
  ) {}

  get pid(): number {
    return this.worker.pid;
  }

  get alive(): boolean {
    return !this.worker.closed;
  }

  get roomIds(): string[] {
    return Array.from(this.#tenants, (tenant) => tenant.roomId);
  }

  addTenant(tenant: WorkerTenant): void {
    this.#tenants.add(tenant);
  }

  removeTenant(tenant: WorkerTenant): void {
    this.#tenants.delete(tenant);
  }

  /** What all tenants but this one weigh, packets per second; up to a second old. */
  packetsPerSecondWithout(tenant: WorkerTenant | undefined, nowMs: number): number {
    if (this.#weighing === undefined || nowMs - this.#weighing.atMs >= WEIGHING_HOLDS_MS) {
      const byTenant = new Map<WorkerTenant, number>();
      let total = 0;
      for (const one of this.#tenants) {
        const packetsPerSecond = one.committedPacketsPerSecond();
        byTenant.set(one, packetsPerSecond);
        total += packetsPerSecond;
      }
      this.#weighing = { atMs: nowMs, byTenant, total };
    }
    const { byTenant, total } = this.#weighing;
    return total - ((tenant && byTenant.get(tenant)) ?? 0);
  }

  load(): WorkerLoad {
    let packetsPerSecond = 0;
    let consumers = 0;
    for (const tenant of this.#tenants) {
      packetsPerSecond += tenant.committedPacketsPerSecond();
      consumers += tenant.consumerCount();
    }
    return { packetsPerSecond, consumers, rooms: this.#tenants.size };
  }
}

export interface WorkerLoad {
  packetsPerSecond: number;
  consumers: number;
  rooms: number;
}

/** Negative when `left` has less to do: by packets (what costs CPU), then consumers, then rooms. */
export function compareLoads(left: WorkerLoad, right: WorkerLoad): number {
  return (
    left.packetsPerSecond - right.packetsPerSecond ||
    left.consumers - right.consumers ||
    left.rooms - right.rooms
  );
}
