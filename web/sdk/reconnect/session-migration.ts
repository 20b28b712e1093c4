import type { SessionOpened } from '../../../core/protocol/fleet-extensions';
import type { Clock, Timer } from '../../../core/protocol/for-browsers';
import type { ProtooMessage } from '../../../core/protocol/protoo';
import { FleetClientError } from '../errors';
import type { Connection } from '../signalling/open-connection';
import { SignallingSession, type SignallingHandlers } from '../signalling/signalling-session';

/** What a migration does with the client's media and messages. */
export interface Migrating {
  /** How the new session's messages are handled. */
  handlers: SignallingHandlers;
  /** Makes the new session one that can take over. What it throws ends the migration. */
  arrive(): Promise<void>;
  /** The new session has taken over; the one before goes on for a moment. */
  settle(): void;
  /** The migration came to nothing: all is as before. */
  stay(): void;
  /** The session before has ended. */
  earlierEnded(): void;
}

export interface SessionMigrationOptions {
  clock: Clock;
  requestTimeoutMs: number;
  /** Opens the connection of the new session. */
  open: () => Promise<Connection>;
  begin: (session: SignallingSession, opened: SessionOpened) => Migrating;
}

/** The session that has taken over. */
export interface MigratedSession {
  signalling: SignallingSession;
  connection: Connection;
  migrating: Migrating;
  /** Its connection was lost in the very moment: it has to be resumed. */
  lostBy: FleetClientError | undefined;
}

/** The server asks again, or otherwise, when it has not happened by then, milliseconds. */
const TIMEOUT_MS = 10_000;

/** One attempt to go on by a session on another node, beside the present one. */
export class SessionMigration {
  readonly #options: SessionMigrationOptions;
  readonly #ended: Promise<never>;
  #end!: (error: FleetClientError) => void;

  constructor(options: SessionMigrationOptions) {
    this.#options = options;
    this.#ended = new Promise((_resolve, reject) => (this.#end = reject));
    this.#ended.catch(() => undefined);
  }

  /** Idempotent; without effect once the new session has taken over. */
  abort(error: FleetClientError): void {
    this.#end(error);
  }

  /** @throws FleetClientError when it came to nothing; all is as before then */
  async run(): Promise<MigratedSession> {
    const { clock } = this.#options;
    const timer = clock.setTimer(TIMEOUT_MS, () => {
      this.#end(new FleetClientError('TIMEOUT', `the migration took longer than ${TIMEOUT_MS} ms`));
    });
    try {
      return await this.#run(timer);
    } finally {
      timer.cancel();
    }
  }

  async #run(timer: Timer): Promise<MigratedSession> {
    const { clock, requestTimeoutMs, open, begin } = this.#options;
    const opening = open();
    const connection = await Promise.race([opening, this.#ended]).catch((error: unknown) => {
      opening.then(
        (late) => late.close('leave'),
        () => undefined,
      );
      throw error;
    });
    const signalling: SignallingSession = new SignallingSession({
      clock,
      requestTimeoutMs,
      // They come once the connection is listened to.
      onRequest: (method, data) => migrating.handlers.onRequest(method, data),
      onNotification: (method, data) => migrating.handlers.onNotification(method, data),
    });
    const migrating = begin(signalling, connection.opened);
    signalling.attach(connection.socket);
    connection.listen({
      onMessage: (message: ProtooMessage) => signalling.receive(message),
      onClosed: (error) => this.#end(error),
    });
    try {
      await Promise.race([migrating.arrive(), this.#ended]);
    } catch (error) {
      const failure = FleetClientError.from(error);
      connection.close('leave');
      signalling.close(failure);
      migrating.stay();
      throw failure;
    }
    // From here on nobody can say which of the two sessions counts until the answer is there: it is the new one.
    timer.cancel();
    const lostBy = await Promise.race([signalling.request('takeOver'), this.#ended]).then(
      () => undefined,
      (error: unknown) => FleetClientError.from(error),
    );
    return { signalling, connection, migrating, lostBy };
  }
}
