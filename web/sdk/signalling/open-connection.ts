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
const PONG: (typeof EXTENSION_METHODS)['pong'] = 'pong';
const CONNECTION_REFUSED: (typeof EXTENSION_METHODS)['connectionRefused'] = 'connectionRefused';

/** An open socket whose session the server has named. */
export interface Connection {
  readonly socket: SocketLike;
  readonly opened: SessionOpened;
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
export function openConnection(options: OpenConnectionOptions): Promise<Connection> {
  const { url, clock, createSocket, signal, first } = options;
  return new Promise((resolve, reject) => {
    let socket: SocketLike;
    try {
      socket = createSocket(url, SUBPROTOCOL);
    } catch (error) {
      reject(new FleetClientError('INVALID_ARGUMENT', 'the url can not be opened', { cause: error }));
      return;
    }
    let opened = false;
    let silent = false;
    let keepalive: Keepalive | undefined;
    let listener: ConnectionListener | undefined;
    let closedBy: FleetClientError | undefined;
    const early: ProtooMessage[] = [];

    const timer = clock.setTimer(HANDSHAKE_TIMEOUT_MS, () =>
      end(lost(`the server did not open a session in ${HANDSHAKE_TIMEOUT_MS} ms`)),
    );
    const onAbort = () => end(new FleetClientError('CLOSED', 'the client was closed'));
    signal.addEventListener('abort', onAbort);

    const silence = () => {
      timer.cancel();
      keepalive?.close();
      signal.removeEventListener('abort', onAbort);
      silent = true;
    };
    const end = (error: FleetClientError) => {
      silence();
      socket.close(DROP);
      if (!opened) reject(error);
      else if (listener) listener.onClosed(error);
      else closedBy = error;
    };

    socket.addEventListener('message', ({ data }) => {
      const message = silent ? undefined : parseFrame(data);
      if (!message) return;
      keepalive?.heard();
      if ('notification' in message && message.method === PONG) return;
      if ('notification' in message && message.method === CONNECTION_REFUSED) {
        end(refusal(message.data));
        return;
      }
      if (!opened && 'notification' in message && message.method === SESSION_OPENED) {
        const session = sessionOpened(message.data);
        if (!session) {
          end(new FleetClientError('PROTOCOL_ERROR', 'the server opened a session without its fields'));
          return;
        }
        opened = true;
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        if (session.answersPings) {
          keepalive = new Keepalive({
            clock,
            ping: () => socket.send(JSON.stringify({ notification: true, method: PING })),
            onLost: () => end(lost('the server does not answer any more')),
          });
        }
        resolve({
          socket,
          opened: session,
          listen: (next) => {
            listener = next;
            for (const message of early.splice(0)) next.onMessage(message);
            if (closedBy) next.onClosed(closedBy);
          },
          check: () => {
            keepalive?.check();
            return keepalive !== undefined;
          },
          close: (why) => {
            silence();
            socket.close(why === 'leave' ? LEAVE : DROP);
          },
        });
        return;
      }
      if (listener) listener.onMessage(message);
      else early.push(message);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (silent) return;
      const neverOpened = first && !opened && code === ABNORMAL_CLOSURE;
      end(neverOpened ? unreachable(url) : closeError(code, reason));
    });
  });
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
