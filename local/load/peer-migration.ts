import type { Clock, Timer } from '../../core/clock';
import type { SessionOpened } from '../../core/protocol/fleet-extensions';
import { Connection } from './connection';
import { PeerError } from './peer-error';
import type { PeerMedia } from './peer-media';
import type { SignallingSession } from './signalling-session';

/** A session with its media. */
export interface PeerSession {
  signalling: SignallingSession;
  media: PeerMedia;
  opened: SessionOpened;
}

export interface PeerMigrationOptions<Session extends PeerSession> {
  clock: Clock;
  /** Of the new session. */
  url: string;
  /** The media that goes on until the new session has taken over. */
  from: PeerMedia;
  /** Builds the new session on its connection. */
  open: (connection: Connection, opened: SessionOpened) => Session;
  /** The new connection was lost after the new session has taken over. */
  onLost: (connection: Connection, error: PeerError) => void;
}

/** As the SDK: what is not there by then is given up, respectively comes later. Milliseconds. */
const TIMEOUT_MS = 10_000;
const FLOW_PATIENCE_MS = 4_000;
const LOOK_EVERY_MS = 50;

/** One attempt of a peer to go on by a session on another node, beside the present one. */
export class PeerMigration<Session extends PeerSession> {
  readonly #options: PeerMigrationOptions<Session>;
  readonly #connection: Connection;
  readonly #timer: Timer;
  readonly #over: Promise<never>;
  #giveUp!: (error: PeerError) => void;
  #session: Session | undefined;
  #hasTakenOver = false;
  /** The session that has taken over, and its connection. Rejects with a PeerError: all is as before then. */
  readonly outcome: Promise<{ session: Session; connection: Connection }>;

  constructor(options: PeerMigrationOptions<Session>) {
    this.#options = options;
    this.#over = new Promise((_, reject) => (this.#giveUp = reject));
    this.#over.catch(() => undefined);
    this.#timer = options.clock.setTimer(TIMEOUT_MS, () => {
      this.abort(new PeerError('TIMEOUT', `the migration took longer than ${TIMEOUT_MS} ms`));
    });
    let onOpened: (session: Session) => void;
    const opened = new Promise<Session>((resolve) => (onOpened = resolve));
    this.#connection = new Connection({
      url: options.url,
      clock: options.clock,
      onOpened: (answer) => {
        // Before the next frame is read.
        this.#session = options.open(this.#connection, answer);
        onOpened(this.#session);
      },
      onFrame: (frame) => this.#session?.signalling.receive(frame),
      onClosed: (error) => {
        if (this.#hasTakenOver) options.onLost(this.#connection, error);
        else this.abort(error);
      },
    });
    this.outcome = this.#run(opened);
  }

  /** Without effect once the new session has taken over. */
  abort(error: PeerError): void {
    this.#giveUp(error);
  }

  async #run(opened: Promise<Session>): Promise<{ session: Session; connection: Connection }> {
    try {
      const session = await Promise.race([opened, this.#over]);
      await Promise.race([this.#arrive(session), this.#over]);
      this.#hasTakenOver = true;
      return { session, connection: this.#connection };
    } catch (cause) {
      const error = PeerError.from(cause);
      this.#session?.signalling.detach(error);
      void this.#session?.media.close();
      void this.#connection.close('leave');
      throw error;
    } finally {
      this.#timer.cancel();
    }
  }

  async #arrive({ signalling, media }: Session): Promise<void> {
    const { clock, from } = this.#options;
    await media.enter(from.slots);
    const untilMs = clock.monotonicMs() + FLOW_PATIENCE_MS;
    // What flows there has to flow here; a stream that is silent there is not waited for.
    while (media.flowing < from.flowing && clock.monotonicMs() < untilMs) {
      await new Promise<void>((resolve) => clock.setTimer(LOOK_EVERY_MS, resolve));
    }
    await signalling.request('takeOver');
  }
}
