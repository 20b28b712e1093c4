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

interface Pending extends SessionMigrationOptions {
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
  get pending(): { toNodeId?: string | undefined } | undefined {
    return this.#pending;
  }

  /** Asks the client. One after the other. */
  begin(
    { toNodeId, timeoutMs }: SessionMigrationOptions,
    notify: (method: string, data: MigrateSession) => void,
  ): Promise<MigrationOutcome> {
    this.end('failed');
    if (this.#isSucceeded) return Promise.resolve('moved');
    return new Promise((settle) => {
      const timer = this.#clock.setTimer(timeoutMs, () => this.end('failed'));
      this.#pending = { toNodeId, timeoutMs, timer, settle };
      notify(EXTENSION_METHODS.migrateSession, { migrationId: randomUUID() });
    });
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
}
