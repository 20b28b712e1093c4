import type { RoomPlacementChanged, SessionOpened } from '../../../core/protocol/fleet-extensions';
import type { Clock, RandomSource, Timer } from '../../../core/protocol/for-browsers';
import type { ProtooMessage } from '../../../core/protocol/protoo';
import { planReconnect, type ReconnectTrigger } from '../../../core/protocol/reconnect-policy';
import { FleetClientError } from '../errors';
import { openConnection, type Connection } from '../signalling/open-connection';
import { SignallingSession, type SignallingHandlers } from '../signalling/signalling-session';
import type { SocketFactory } from '../signalling/socket';
import { asksToMigrate, extensionOf } from './session-events';
import { SessionMigration, type MigratedSession, type Migrating } from './session-migration';

/** A session that can be resumed: what goes into the URL's query. */
export interface ResumePoint {
  resumeToken: string;
  lastSeq: number;
}

/** The session from which a new one takes over: what goes into the URL's query. */
export interface MigrationPoint {
  migrateFrom: string;
}

export interface SessionKeeperHandlers {
  /** The URL for a new session, for a resume, or for a migration. May ask the application for a token. */
  url(point: ResumePoint | MigrationPoint | undefined): Promise<string>;
  /** How the new session's messages are handled, from its first one on. */
  handlersFor(session: () => SignallingSession): SignallingHandlers;
  /** Makes the new session a joined one: transports, join, tracks. What it throws decides what comes next. */
  join(session: SignallingSession, opened: SessionOpened): Promise<void>;
  /** The client is to go on by this session on another node, beside the present one until it has taken over. */
  migrate(session: SignallingSession, opened: SessionOpened): Migrating;
  /** It has taken over. */
  migrated(opened: SessionOpened): void;
  /** The session goes on over another connection. */
  resumed(opened: SessionOpened): void;
  connecting(): void;
  reconnecting(event: { attempt: number; retryInMs: number; reason: FleetClientError }): void;
  /** The end. Nothing is called after it. */
  failed(error: FleetClientError): void;
}

export interface SessionKeeperOptions {
  clock: Clock;
  random: RandomSource;
  createSocket: SocketFactory;
  requestTimeoutMs: number;
  giveUpAfterMs: number;
  /** Attempts of the first join. */
  joinAttempts: number;
  freshToken: boolean;
  handlers: SessionKeeperHandlers;
}

interface CurrentSession {
  signalling: SignallingSession;
  opened: SessionOpened;
  joined: boolean;
  /** Monotonic milliseconds until which the server keeps the session; undefined while a socket is attached. */
  graceEndsMs: number | undefined;
}

/** The server ends what a client migrated from within 5 s; a client that hears nothing of it does so itself, milliseconds. */
const EARLIER_ENDS_AFTER_MS = 8_000;

/** How long a connection may take to answer when there is doubt about it, milliseconds. */
const PROBE_TIMEOUT_MS = 5_000;

/** Keeps the client in a session: connects, resumes, joins anew, as the policy says, until closed. */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #abort = new AbortController();
  #session: CurrentSession | undefined;
  #connection: Connection | undefined;
  #connecting = false;
  #planned: { timer: Timer; run: () => void; hasty: boolean } | undefined;
  /** Since the client was last joined; the very first connection doesn't count. */
  #attempt = 0;
  #everJoined = false;
  #everOpened = false;
  /** Monotonic milliseconds. */
  #troubleSinceMs: number | undefined;
  #probing = false;
  #migration: SessionMigration | undefined;
  /** Ends what is left of the session from which the client migrated. */
  #endEarlier: (() => void) | undefined;
  #closed = false;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  /** The session that is joined, or being joined or resumed. */
  get signalling(): SignallingSession | undefined {
    return this.#session?.signalling;
  }

  start(): void {
    this.#troubleSinceMs = this.#options.clock.monotonicMs();
    void this.#connect('rejoin');
  }

  /** Ends everything; `leave` tells the server. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
    this.#migration?.abort(new FleetClientError('CLOSED', 'the client was closed'));
    this.#endEarlier?.();
    this.#planned?.timer.cancel();
    this.#planned = undefined;
    this.#connection?.close('leave');
    this.#connection = undefined;
    this.#session?.signalling.close(new FleetClientError('CLOSED', 'the client was closed'));
    this.#session = undefined;
  }

  /** The network is back: an attempt after a loss is made now. Times that the server named are kept. */
  retryNow(): void {
    if (!this.#planned?.hasty) return;
    this.#planned.timer.cancel();
    this.#planned.run();
  }

  /** ICE can't be restored: only new transports help. */
  reportMediaLost(): void {
    this.#trigger({ kind: 'media-lost' });
  }

  /** Asks a connection in doubt for a sign of life; takes it as lost when none comes. */
  async probe(): Promise<void> {
    const connection = this.#connection;
    const signalling = this.#session?.signalling;
    if (this.#probing || !connection || !signalling || connection.check()) return;
    this.#probing = true;
    try {
      await signalling.request('getRouterRtpCapabilities', {}, { timeoutMs: PROBE_TIMEOUT_MS });
    } catch (error) {
      const failure = FleetClientError.from(error);
      if (failure.code === 'TIMEOUT' && this.#connection === connection) {
        connection.close('drop');
        this.#lose(connection, failure);
      }
    } finally {
      this.#probing = false;
    }
  }

  #lose(connection: Connection, error: FleetClientError): void {
    if (this.#closed || this.#connection !== connection) return;
    this.#connection = undefined;
    const session = this.#session;
    if (session) {
      session.signalling.detach();
      session.graceEndsMs ??= this.#options.clock.monotonicMs() + session.opened.graceMs;
    }
    if (this.#planned || this.#connecting) return;
    const refused = error.code !== 'CONNECTION_LOST' && error.code !== 'TIMEOUT';
    this.#trigger(refused ? { kind: 'refused', error } : { kind: 'lost', error });
  }

  #trigger(trigger: ReconnectTrigger<FleetClientError>): void {
    if (this.#closed) return;
    const { clock, random, giveUpAfterMs, joinAttempts, freshToken, handlers } = this.#options;
    const now = clock.monotonicMs();
    // With that the session ends: there is nothing to resume, and nobody to answer.
    if (trigger.kind === 'placement-changed' && this.#session) {
      this.#session.graceEndsMs = now;
      this.#session.signalling.detach();
    }
    this.#troubleSinceMs ??= now;
    const attempt = ++this.#attempt;
    const plan = planReconnect(
      {
        trigger,
        attempt,
        elapsedMs: now - this.#troubleSinceMs,
        graceLeftMs: this.#graceLeftMs(now),
        giveUpAfterMs,
        maxAttempts: this.#everJoined ? Infinity : joinAttempts - 1,
        freshToken,
      },
      random,
    );
    const reason = reasonOf(trigger);
    if (plan.action === 'fail') {
      this.close();
      handlers.failed(reason);
      return;
    }
    this.#planned?.timer.cancel();
    const run = () => {
      this.#planned = undefined;
      if (plan.action === 'reopen' && this.#connection) void this.#reopen(this.#connection);
      else void this.#connect(plan.action === 'resume' ? 'resume' : 'rejoin');
    };
    const hasty = trigger.kind === 'lost' && trigger.error.retryAfterMs === undefined;
    this.#planned = { timer: clock.setTimer(plan.delayMs, run), run, hasty };
    handlers.reconnecting({ attempt, retryInMs: plan.delayMs, reason });
  }

  #graceLeftMs(now: number): number {
    if (!this.#session) return 0;
    const { graceEndsMs, opened } = this.#session;
    return graceEndsMs === undefined ? opened.graceMs : graceEndsMs - now;
  }

  /** The server asks for it: the present session goes on until the other one has taken over. */
  async #migrate(): Promise<void> {
    const from = this.#session;
    if (!from?.joined || this.#migration || this.#planned || this.#connecting || this.#closed) {
      if (from && !this.#migration) this.#tellFailed(from, 'BUSY');
      return;
    }
    const { clock, createSocket, requestTimeoutMs, handlers } = this.#options;
    const migration = new SessionMigration({
      clock,
      requestTimeoutMs,
      open: async () => {
        const url = await handlers.url({ migrateFrom: from.opened.resumeToken });
        return openConnection({ url, clock, createSocket, signal: this.#abort.signal, first: false });
      },
      begin: (session, opened) => handlers.migrate(session, opened),
    });
    this.#migration = migration;
    try {
      this.#goOver(from, await migration.run());
    } catch (error) {
      this.#tellFailed(from, FleetClientError.from(error).code);
    } finally {
      if (this.#migration === migration) this.#migration = undefined;
    }
  }

  #tellFailed({ signalling }: CurrentSession, code: string): void {
    signalling.request('migrationFailed', { code }).catch(() => undefined);
  }

  #goOver(from: CurrentSession, { signalling, connection, migrating, lostBy }: MigratedSession): void {
    const { clock, handlers } = this.#options;
    const { opened } = connection;
    this.#planned?.timer.cancel();
    this.#planned = undefined;
    const earlier = this.#connection;
    const session: CurrentSession = { signalling, opened, joined: true, graceEndsMs: undefined };
    this.#session = session;
    this.#connection = connection;
    connection.listen(this.#listener(session, connection));
    this.#settled();
    migrating.settle();
    this.#endEarlier?.();
    const end = () => {
      timer.cancel();
      earlier?.close('leave');
      from.signalling.close(new FleetClientError('CLOSED', 'the client has migrated'));
      migrating.earlierEnded();
      this.#endEarlier = undefined;
    };
    const timer = clock.setTimer(EARLIER_ENDS_AFTER_MS, end);
    this.#endEarlier = end;
    earlier?.listen({ onMessage: () => undefined, onClosed: end });
    handlers.migrated(opened);
    if (lostBy) {
      connection.close('drop');
      this.#lose(connection, lostBy);
    }
  }

  async #connect(action: 'resume' | 'rejoin'): Promise<void> {
    if (this.#closed || this.#connecting) return;
    this.#connecting = true;
    const { clock, createSocket, handlers } = this.#options;
    const session = action === 'resume' ? this.#session : undefined;
    let connection: Connection;
    try {
      handlers.connecting();
      const url = await handlers.url(
        session && { resumeToken: session.opened.resumeToken, lastSeq: session.signalling.lastSeq },
      );
      connection = await openConnection({
        url,
        clock,
        createSocket,
        signal: this.#abort.signal,
        first: !this.#everOpened,
      });
      this.#everOpened = true;
    } catch (error) {
      this.#connecting = false;
      this.#attemptFailed(FleetClientError.from(error, 'CONNECTION_LOST'));
      return;
    }
    this.#connecting = false;
    if (this.#closed) {
      connection.close('leave');
      return;
    }
    if (session && session !== this.#session && this.#session?.joined) {
      // The client has migrated in the meantime: what was to be resumed is what it came from.
      connection.close('drop');
      return;
    }
    if (connection.opened.resumed && session !== this.#session) {
      // What was to be resumed failed to join in the meantime: it is of no use any more.
      connection.close('leave');
      this.#attemptFailed(new FleetClientError('CONNECTION_LOST', 'the join failed', { retriable: true }));
      return;
    }
    this.#connection?.close('drop');
    this.#connection = connection;
    if (session && connection.opened.resumed) this.#resume(session, connection);
    else this.#join(connection);
  }

  /** Another session over the connection that there is. */
  async #reopen(connection: Connection): Promise<void> {
    if (this.#closed || this.#connecting) return;
    this.#connecting = true;
    try {
      this.#options.handlers.connecting();
      const isOpen = await connection.reopen();
      this.#connecting = false;
      if (!isOpen) {
        // It was its turn, and still is.
        void this.#connect('rejoin');
        return;
      }
    } catch (error) {
      this.#connecting = false;
      if (this.#connection === connection) this.#connection = undefined;
      this.#attemptFailed(FleetClientError.from(error, 'CONNECTION_LOST'));
      return;
    }
    this.#join(connection);
  }

  #attemptFailed(error: FleetClientError): void {
    if (this.#closed) return;
    const lost = error.code === 'CONNECTION_LOST' || error.code === 'TIMEOUT';
    if (error.code !== 'FLEET_ERR_SESSION_GONE') {
      this.#trigger(lost ? { kind: 'lost', error } : { kind: 'refused', error });
      return;
    }
    const graceLeftMs = this.#graceLeftMs(this.#options.clock.monotonicMs());
    this.#dropSession(error);
    // The server promised to keep it for longer: what kept it has failed, and nobody was away for too long.
    const reason = graceLeftMs > 0 ? placementChangeOf('node-lost') : error;
    this.#trigger({ kind: 'refused', error, reason });
  }

  #resume(session: CurrentSession, connection: Connection): void {
    session.opened = connection.opened;
    session.graceEndsMs = undefined;
    session.signalling.attach(connection.socket);
    connection.listen(this.#listener(session, connection));
    if (!session.joined) return;
    this.#settled();
    this.#options.handlers.resumed(connection.opened);
  }

  #join(connection: Connection): void {
    this.#dropSession(new FleetClientError('CONNECTION_LOST', 'the session is gone', { retriable: true }));
    const { clock, requestTimeoutMs, handlers } = this.#options;
    const signalling: SignallingSession = new SignallingSession({
      clock,
      requestTimeoutMs,
      ...handlers.handlersFor(() => signalling),
    });
    const session: CurrentSession = {
      signalling,
      opened: connection.opened,
      joined: false,
      graceEndsMs: undefined,
    };
    this.#session = session;
    signalling.attach(connection.socket);
    connection.listen(this.#listener(session, connection));
    handlers.join(signalling, connection.opened).then(
      () => {
        if (this.#session !== session) return;
        session.joined = true;
        this.#everJoined = true;
        this.#settled();
      },
      (error: unknown) => {
        if (this.#session !== session || this.#closed) return;
        const failure = FleetClientError.from(error);
        this.#dropSession(failure);
        // A next attempt is on its way already, for a reason that says more than the requests it ended.
        if (this.#planned || this.#connecting) return;
        this.#connection?.close('leave');
        this.#connection = undefined;
        this.#attemptFailed(failure);
      },
    );
  }

  #settled(): void {
    this.#attempt = 0;
    this.#troubleSinceMs = undefined;
  }

  #dropSession(error: FleetClientError): void {
    const session = this.#session;
    this.#session = undefined;
    this.#migration?.abort(error);
    session?.signalling.close(error);
  }

  #listener(session: CurrentSession, connection: Connection) {
    return {
      onMessage: (message: ProtooMessage) => {
        if (this.#connection !== connection) return;
        const extension = extensionOf(message);
        if (extension) this.#trigger(extension);
        if (asksToMigrate(message)) void this.#migrate();
        session.signalling.receive(message);
      },
      onClosed: (error: FleetClientError) => this.#lose(connection, error),
    };
  }
}

function reasonOf(trigger: ReconnectTrigger<FleetClientError>): FleetClientError {
  switch (trigger.kind) {
    case 'lost':
      return trigger.error;
    case 'refused':
      return trigger.reason ?? trigger.error;
    case 'gateway-closing':
      return new FleetClientError('FLEET_ERR_SHUTTING_DOWN', 'the gateway stops', { retriable: true });
    case 'placement-changed':
      return placementChangeOf(trigger.reason);
    case 'media-lost':
      return new FleetClientError('CONNECTION_LOST', 'no media reaches the node', { retriable: true });
  }
}

function placementChangeOf(reason: RoomPlacementChanged['reason']): FleetClientError {
  switch (reason) {
    case 'node-lost':
      return new FleetClientError('FLEET_ERR_NODE_UNREACHABLE', 'the media node of this session has failed', {
        retriable: true,
      });
    case 'worker-died':
      return new FleetClientError('FLEET_ERR_WORKER_DIED', 'the media worker of this room died', {
        retriable: true,
      });
    default:
      return new FleetClientError('FLEET_ERR_ROOM_MOVED', 'the room moves to another node', {
        retriable: true,
      });
  }
}
