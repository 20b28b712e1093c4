import type {
  CLIENT_CLOSE_CODES,
  ConnectionRefused,
  EXTENSION_METHODS,
  SessionOpened,
} from '../../../core/protocol/fleet-extensions';
import type { Clock } from '../../../core/protocol/for-browsers';
import { Keepalive } from '../../../core/protocol/keepalive';
import type { CLOSE_CODES, PROTOO_SUBPROTOCOL, ProtooMessage } from '../../../core/protocol/protoo';
import { FleetClientError } from '../errors';
import { isRecord, parseFrame } from './frames';
import type { SocketFactory, SocketLike } from './socket';

/** A join may wait for placement and for the relay to the media node. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** RFC 6455: what an endpoint sees when there was no close frame, also when nothing was ever open. */
const ABNORMAL_CLOSURE = 1006;

// The values stay in core; the compiler holds these equal to them, and no schema library gets bundled.
const SUBPROTOCOL: typeof PROTOO_SUBPROTOCOL = 'protoo';
const FINAL_CLOSE_CODE: (typeof CLOSE_CODES)['final'] = 4000;
const LEAVE: (typeof CLIENT_CLOSE_CODES)['leave'] = 1000;
const DROP: (typeof CLIENT_CLOSE_CODES)['drop'] = 4001;
const SESSION_OPENED: (typeof EXTENSION_METHODS)['sessionOpened'] = 'sessionOpened';
const PING: (typeof EXTENSION_METHODS)['ping'] = 'ping';
const REOPEN_SESSION: (typeof EXTENSION_METHODS)['reopenSession'] = 'reopenSession';
const PONG: (typeof EXTENSION_METHODS)['pong'] = 'pong';
const CONNECTION_REFUSED: (typeof EXTENSION_METHODS)['connectionRefused'] = 'connectionRefused';

/** An open socket whose session the server has named. */
export interface Connection {
  readonly socket: SocketLike;
  readonly opened: SessionOpened;
  /**
   * Opens another session where the one before has ended and the server said `reopen`; to be listened to anew. False: the
   * server is silent. The connection is over then, and when it throws. @throws FleetClientError as openConnection
   */
  reopen(): Promise<boolean>;
  /** From now on; messages that came in the meantime are delivered at once. */
  listen(listener: ConnectionListener): void;
  /** Asks the server at once for a sign of life. False: this one does not answer such questions. */
  check(): boolean;
  /** Nothing is delivered after it. `leave`: the peer leaves; `drop`: its session goes on. Idempotent. */
  close(why: 'leave' | 'drop'): void;
}

export interface ConnectionListener {
  onMessage(message: ProtooMessage): void;
  /** The socket closed by itself; `error` says why, as far as the server told. */
  onClosed(error: FleetClientError): void;
}

export interface OpenConnectionOptions {
  url: string;
  clock: Clock;
  createSocket: SocketFactory;
  signal: AbortSignal;
  /** No connection was ever open: the address itself may be wrong, and the error says so. */
  first: boolean;
}

/**
 * Opens a socket and waits for the server's word.
 * @throws FleetClientError of `connectionRefused`, CONNECTION_LOST (retriable) when it can't be reached
 */
export async function openConnection(options: OpenConnectionOptions): Promise<Connection> {
  let socket: SocketLike;
  try {
    socket = options.createSocket(options.url, SUBPROTOCOL);
  } catch (error) {
    throw new FleetClientError('INVALID_ARGUMENT', 'the url can not be opened', { cause: error });
  }
  const connection = new SocketConnection(socket, options);
  await connection.open();
  return connection;
}

class SocketConnection implements Connection {
  /** The server's word on a session is awaited. */
  #opening: { resolve: (isOpen: boolean) => void; reject: (error: FleetClientError) => void } | undefined;
  #opened: SessionOpened | undefined;
  #listener: ConnectionListener | undefined;
  #keepalive: Keepalive | undefined;
  #closedBy: FleetClientError | undefined;
  #silent = false;
  /** Came before anybody listened. */
  readonly #early: ProtooMessage[] = [];

  constructor(
    readonly socket: SocketLike,
    private readonly options: OpenConnectionOptions,
  ) {
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('close', ({ code, reason }) => this.#socketClosed(code, reason));
  }

  get opened(): SessionOpened {
    if (!this.#opened) throw new Error('the server has not opened a session yet');
    return this.#opened;
  }

  /** @throws FleetClientError and is over then */
  async open(): Promise<boolean> {
    const { clock, signal } = this.options;
    const timer = clock.setTimer(HANDSHAKE_TIMEOUT_MS, () =>
      this.#end(lost(`the server did not open a session in ${HANDSHAKE_TIMEOUT_MS} ms`)),
    );
    const onAbort = () => this.#end(new FleetClientError('CLOSED', 'the client was closed'));
    signal.addEventListener('abort', onAbort);
    try {
      return await new Promise<boolean>((resolve, reject) => (this.#opening = { resolve, reject }));
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async reopen(): Promise<boolean> {
    if (this.#closedBy) throw this.#closedBy;
    this.#listener = undefined;
    this.#notify(REOPEN_SESSION);
    this.#keepalive?.checkOrReplace();
    return this.open();
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener.onMessage(message);
    if (this.#closedBy) listener.onClosed(this.#closedBy);
  }

  check(): boolean {
    this.#keepalive?.check();
    return this.#keepalive !== undefined;
  }

  close(why: 'leave' | 'drop'): void {
    this.#silence();
    this.socket.close(why === 'leave' ? LEAVE : DROP);
    this.#settleOpening()?.reject(new FleetClientError('CLOSED', 'the connection was closed'));
  }

  #receive(data: unknown): void {
    const message = this.#silent ? undefined : parseFrame(data);
    if (!message) return;
    const notified = 'notification' in message ? message : undefined;
    const isAnswer = notified?.method === PONG;
    this.#keepalive?.heard({ isAnswer });
    if (isAnswer) return;
    if (notified?.method === CONNECTION_REFUSED) this.#end(refusal(notified.data));
    else if (this.#opening && notified?.method === SESSION_OPENED) this.#sessionOpened(notified.data);
    else if (this.#listener) this.#listener.onMessage(message);
    else this.#early.push(message);
  }

  #sessionOpened(data: unknown): void {
    const session = sessionOpened(data);
    if (!session) {
      this.#end(new FleetClientError('PROTOCOL_ERROR', 'the server opened a session without its fields'));
      return;
    }
    this.#opened = session;
    if (session.answersPings) {
      this.#keepalive ??= new Keepalive({
        clock: this.options.clock,
        ping: () => this.#notify(PING),
        onLost: () => this.#fallSilent(),
      });
    }
    this.#settleOpening()?.resolve(true);
  }

  #fallSilent(): void {
    const opening = this.#settleOpening();
    this.#end(lost('the server does not answer any more'));
    opening?.resolve(false);
  }

  #notify(method: string): void {
    this.socket.send(JSON.stringify({ notification: true, method }));
  }

  #socketClosed(code: number, reason: string): void {
    if (this.#silent) return;
    const { first, url } = this.options;
    const neverOpened = first && !this.#opened && code === ABNORMAL_CLOSURE;
    this.#end(neverOpened ? unreachable(url) : closeError(code, reason));
  }

  #end(error: FleetClientError): void {
    this.#silence();
    this.socket.close(DROP);
    const opening = this.#settleOpening();
    if (opening) opening.reject(error);
    else if (this.#listener) this.#listener.onClosed(error);
    else this.#closedBy = error;
  }

  #settleOpening() {
    const opening = this.#opening;
    this.#opening = undefined;
    return opening;
  }

  #silence(): void {
    this.#keepalive?.close();
    this.#silent = true;
  }
}

function lost(message: string): FleetClientError {
  return new FleetClientError('CONNECTION_LOST', message, { retriable: true });
}

/** Browsers don't tell why, so as to not help port scans: a wrong host, path, certificate or no server look alike. */
function unreachable(url: string): FleetClientError {
  return lost(`no fleet could be reached at ${new URL(url).origin}: check the url and whether it is running`);
}

function closeError(code: number, reason: string): FleetClientError {
  const serverCode = /FLEET_ERR_[A-Z0-9_]+/.exec(reason)?.[0];
  const retriable = code !== FINAL_CLOSE_CODE;
  if (serverCode !== undefined) return new FleetClientError(serverCode, reason, { retriable });
  return retriable
    ? lost(`the connection closed (${code})`)
    : new FleetClientError('FLEET_ERR_PEER_REMOVED', 'the server ended this peer');
}

function refusal(data: unknown): FleetClientError {
  const { code, message, retriable, retryAfterMs }: Partial<ConnectionRefused> = isRecord(data) ? data : {};
  return new FleetClientError(
    typeof code === 'string' ? code : 'FLEET_ERR_INTERNAL',
    typeof message === 'string' ? message : 'the server refused this peer',
    {
      retriable: retriable === true,
      retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    },
  );
}

function sessionOpened(data: unknown): SessionOpened | undefined {
  if (!isRecord(data)) return undefined;
  const { sessionId, resumeToken, graceMs, resumed, gatewayNodeId, mediaNodeId, answersPings, grants } = data;
  if (typeof sessionId !== 'string' || typeof resumeToken !== 'string') return undefined;
  return {
    sessionId,
    resumeToken,
    graceMs: typeof graceMs === 'number' ? graceMs : 0,
    resumed: resumed === true,
    gatewayNodeId: typeof gatewayNodeId === 'string' ? gatewayNodeId : '',
    mediaNodeId: typeof mediaNodeId === 'string' ? mediaNodeId : '',
    answersPings: answersPings === true,
    grants: isRecord(grants) ? grantsOf(grants) : undefined,
  };
}

/** Only what is clearly refused is taken as refused: for the rest the server answers each request anyway. */
function grantsOf({ canPublish, canSubscribe, canPublishData }: Record<string, unknown>) {
  return {
    canPublish: canPublish !== false,
    canSubscribe: canSubscribe !== false,
    canPublishData: canPublishData !== false,
  };
}
