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

/** A drain, or an operator's command; both may wait for the same client. */
interface Waiting {
  /** Of a client that may go now. */
  asked: { toNodeId?: string | undefined } | undefined;
  timer: Timer;
  settle: (outcome: MigrationOutcome) => void;
}

/** Whether, and where, a session's client is asked to go. */
export class SessionMigration {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #end: 'moved' | 'gone' | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Another session has taken this one's place; what is left of it ends soon. */
  get isSucceeded(): boolean {
    return this.#end === 'moved';
  }

  /** Set while the client is asked to go: as who asked first wants it. */
  get asked(): { toNodeId?: string | undefined } | undefined {
    return [...this.#waiting].find(({ asked }) => asked !== undefined)?.asked;
  }

  /** Asks the client, unless it is asked already. */
  begin(
    { toNodeId, timeoutMs }: SessionMigrationOptions,
    notify: (method: string, data: MigrateSession) => void,
  ): Promise<MigrationOutcome> {
    const isAsked = this.asked !== undefined;
    const outcome = this.#wait(timeoutMs, { toNodeId });
    if (!isAsked && this.asked) notify(EXTENSION_METHODS.migrateSession, { migrationId: randomUUID() });
    return outcome;
  }

  /** Between two attempts: a client that was too slow for the one may still take over. */
  rest(restMs: number): Promise<MigrationOutcome> {
    return this.#wait(restMs, undefined);
  }

  /** The client has given up. */
  failed(): void {
    for (const waiting of this.#waiting) if (waiting.asked) this.#settle(waiting, 'failed');
  }

  succeeded(): void {
    this.#endWith('moved');
  }

  /** The session has ended. Without effect on one that has migrated. */
  gone(): void {
    this.#endWith('gone');
  }

  #endWith(outcome: 'moved' | 'gone'): void {
    this.#end ??= outcome;
    for (const waiting of this.#waiting) this.#settle(waiting, this.#end);
  }

  #settle(waiting: Waiting, outcome: MigrationOutcome): void {
    this.#waiting.delete(waiting);
    waiting.timer.cancel();
    waiting.settle(outcome);
  }

  #wait(timeoutMs: number, asked: Waiting['asked']): Promise<MigrationOutcome> {
    if (this.#end) return Promise.resolve(this.#end);
    return new Promise((settle) => {
      const timer = this.#clock.setTimer(timeoutMs, () => this.#settle(waiting, 'failed'));
      const waiting: Waiting = { asked, timer, settle };
      this.#waiting.add(waiting);
    });
  }
}
