import type { Logger } from 'pino';
import type { Clock, RandomSource, Timer } from '../../core/clock';
import type { NodeState } from '../../core/node-state';

export interface GatewayDrainOptions {
  /** Where the node stands, and whether it moves its peers already: `NodeStatus`. */
  drain: { readonly state: NodeState; readonly isMoving: boolean };
  /** Clients that can go on through another gateway. */
  clients: () => readonly LeavingClient[];
  /** Clients a second that other gateways take. */
  clientsPerSecond: number;
  clock: Clock;
  random: RandomSource;
  logger: Logger;
}

/** A connection whose session goes on through another gateway. */
export interface LeavingClient {
  resumeElsewhere(): void;
}

/**
 * The load balancer sends new connections elsewhere once it has seen `/readyz` fail: at most two looks of 10 s. Who was
 * asked before might come back here. Milliseconds.
 */
const BALANCER_NOTICES_MS = 20_000;
/** One wave's length, milliseconds: its clients go one after the other within it. */
const WAVE_MS = 5_000;

/**
 * Empties a draining node's gateway: asks its clients, some at a time, to resume their sessions through another one.
 * Their media stays where it is, and so nobody sees or hears it.
 */
export class GatewayDrain {
  readonly #options: GatewayDrainOptions;
  #timer: Timer | undefined;
  readonly #wave = new Set<Timer>();
  /** Monotonic milliseconds since which clients should leave. */
  #leavingSinceMs: number | undefined;
  #closed = false;

  constructor(options: GatewayDrainOptions) {
    this.#options = options;
  }

  /** The drain has begun, has ended or was taken back. */
  wake(): void {
    this.#rest();
    if (!this.#closed) this.#look();
  }

  /** Asks nobody any more. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#rest();
  }

  #look(): void {
    const { drain, clock } = this.#options;
    const { state, isMoving } = drain;
    if (state !== 'DRAINING' && state !== 'DRAINED') {
      this.#leavingSinceMs = undefined;
      return;
    }
    if (state === 'DRAINED' || isMoving) {
      const nowMs = clock.monotonicMs();
      this.#leavingSinceMs ??= nowMs;
      if (nowMs - this.#leavingSinceMs >= BALANCER_NOTICES_MS) this.#sendWave();
    }
    this.#timer = clock.setTimer(WAVE_MS, () => this.#look());
  }

  #sendWave(): void {
    const { clients, clientsPerSecond, clock, random, logger } = this.#options;
    const largest = Math.max(1, Math.floor((clientsPerSecond * WAVE_MS) / 1_000));
    const all = clients();
    const wave = all.slice(0, largest);
    if (wave.length === 0) return;
    const counts = { clients: all.length, leaving: wave.length };
    logger.info({ audit: 'drain-wave', ...counts }, 'clients leave the gateway');
    for (const [index, client] of wave.entries()) {
      const afterMs = Math.floor(((index + random()) * WAVE_MS) / wave.length);
      const timer = clock.setTimer(afterMs, () => {
        this.#wave.delete(timer);
        client.resumeElsewhere();
      });
      this.#wave.add(timer);
    }
  }

  #rest(): void {
    this.#timer?.cancel();
    for (const timer of this.#wave) timer.cancel();
    this.#wave.clear();
  }
}
