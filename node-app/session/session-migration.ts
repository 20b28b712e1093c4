import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock';
import { EXTENSION_METHODS, type MigrateSession } from '../../core/protocol/fleet-extensions';

/** `moved`: the other session has taken over. `failed`: the client stays here, for now. `gone`: it has left. */
export type MigrationOutcome = 'moved' | 'failed' | 'gone';

export interface SessionMigrationOptions {
  /** Where the client must go. @default where placement says */
  toNodeId?: string | undefined;
  /** When the client has not gone over by then it stays, milliseconds. */
  timeoutMs: number;
}

interface Pending {
  /** Of a client that may go now. */
  asked: { toNodeId?: string | undefined } | undefined;
  timer: Timer;
  settle: (outcome: MigrationOutcome) => void;
}

/** Whether, and where, a session's client is asked to go. */
export class SessionMigration {
  readonly #clock: Clock;
  #pending: Pending | undefined;
  #isSucceeded = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Another session has taken this one's place; what is left of it ends soon. */
  get isSucceeded(): boolean {
    return this.#isSucceeded;
  }

  /** Set while the client is asked to go. */
  get asked(): { toNodeId?: string | undefined } | undefined {
    return this.#pending?.asked;
  }

  /** Asks the client. One after the other. */
  begin(
    { toNodeId, timeoutMs }: SessionMigrationOptions,
    notify: (method: string, data: MigrateSession) => void,
  ): Promise<MigrationOutcome> {
    const outcome = this.#wait(timeoutMs, { toNodeId });
    if (this.asked) notify(EXTENSION_METHODS.migrateSession, { migrationId: randomUUID() });
    return outcome;
  }

  /** Between two attempts: a client that was too slow for the one may still take over. */
  rest(restMs: number): Promise<MigrationOutcome> {
    return this.#wait(restMs, undefined);
  }

  /** The client has given up. */
  failed(): void {
    if (this.asked) this.end('failed');
  }

  succeeded(): void {
    this.#isSucceeded = true;
    this.end('moved');
  }

  /** Does nothing when no client is asked. */
  end(outcome: MigrationOutcome): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.timer.cancel();
    pending?.settle(outcome);
  }

  #wait(timeoutMs: number, asked: Pending['asked']): Promise<MigrationOutcome> {
    this.end('failed');
    if (this.#isSucceeded) return Promise.resolve('moved');
    return new Promise((settle) => {
      const timer = this.#clock.setTimer(timeoutMs, () => this.end('failed'));
      this.#pending = { asked, timer, settle };
    });
  }
}
