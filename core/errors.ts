/**
 * The one registry of errors that a user, an operator or another node can see. Each code is documented in
 * docs/errors.md (a test holds the two equal). `status` is the HTTP status and the `errorCode` of a protoo
 * error response; `retriable` says whether the same call may succeed later without a change by the caller.
 */
export const ERRORS = {
  FLEET_ERR_NO_CAPACITY: { status: 503, retriable: true, message: 'no node has headroom for this peer' },
  FLEET_ERR_PLACEMENT_UNAVAILABLE: {
    status: 503,
    retriable: true,
    message: 'placement can not answer right now',
  },
  FLEET_ERR_ROOM_MOVED: { status: 503, retriable: true, message: 'the room lives on another node now' },
  FLEET_ERR_NODE_UNREACHABLE: {
    status: 503,
    retriable: true,
    message: 'the node of this room can not be reached',
  },
  FLEET_ERR_SHUTTING_DOWN: { status: 503, retriable: true, message: 'this node is stopping' },
  FLEET_ERR_TOKEN_MISSING: { status: 401, retriable: false, message: 'an access token is required' },
  FLEET_ERR_TOKEN_INVALID: { status: 401, retriable: false, message: 'the access token is not valid' },
  FLEET_ERR_TOKEN_EXPIRED: { status: 401, retriable: false, message: 'the access token has expired' },
  FLEET_ERR_TOKEN_WRONG_ROOM: {
    status: 403,
    retriable: false,
    message: 'the access token is for another room',
  },
  FLEET_ERR_TOKEN_WRONG_PEER: {
    status: 403,
    retriable: false,
    message: 'the access token is for another peer',
  },
  FLEET_ERR_FORBIDDEN: { status: 403, retriable: false, message: 'the access token does not grant this' },
  FLEET_ERR_BAD_REQUEST: { status: 400, retriable: false, message: 'the request is not valid' },
  FLEET_ERR_BAD_MESSAGE: { status: 400, retriable: false, message: 'the message is not valid' },
  FLEET_ERR_MESSAGE_TOO_LARGE: { status: 413, retriable: false, message: 'the message is too large' },
  FLEET_ERR_RATE_LIMITED: { status: 429, retriable: true, message: 'too many messages' },
  FLEET_ERR_LIMIT_EXCEEDED: { status: 403, retriable: false, message: 'a limit for this peer is reached' },
  FLEET_ERR_UNKNOWN_METHOD: { status: 404, retriable: false, message: 'no such method' },
  FLEET_ERR_NOT_JOINED: { status: 409, retriable: false, message: 'the peer has not joined yet' },
  FLEET_ERR_ALREADY_JOINED: { status: 409, retriable: false, message: 'the peer has joined already' },
  FLEET_ERR_NOT_FOUND: { status: 404, retriable: false, message: 'no such object' },
  FLEET_ERR_PEER_EXISTS: { status: 409, retriable: false, message: 'a peer with this id exists already' },
  FLEET_ERR_PEER_REPLACED: { status: 409, retriable: false, message: 'the peer connected again elsewhere' },
  FLEET_ERR_PEER_REMOVED: { status: 403, retriable: false, message: 'an operator removed the peer' },
  FLEET_ERR_ROOM_CLOSED: { status: 410, retriable: false, message: 'an operator closed the room' },
  FLEET_ERR_SESSION_GONE: { status: 410, retriable: false, message: 'the session can not be resumed' },
  FLEET_ERR_WORKER_DIED: { status: 503, retriable: true, message: 'the media worker of this room died' },
  FLEET_ERR_LINK_REFUSED: {
    status: 401,
    retriable: false,
    message: 'the caller does not prove that it is a node of this fleet',
  },
  FLEET_ERR_PIPE_CLOSED: {
    status: 503,
    retriable: true,
    message: 'the pipe between two routers of this room has closed',
  },
  FLEET_ERR_PIPE_FULL: {
    status: 503,
    retriable: true,
    message: 'this node sends the stream to as many others as it may',
  },
  FLEET_ERR_PIPE_SILENT: {
    status: 503,
    retriable: true,
    message: 'nothing that the other node sends through a pipe arrives',
  },
  FLEET_ERR_CONFIG: { status: 500, retriable: false, message: 'the configuration is not valid' },
  FLEET_ERR_INTERNAL: { status: 500, retriable: false, message: 'internal error' },
} as const satisfies Record<string, { status: number; retriable: boolean; message: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface FleetErrorOptions {
  /** What exactly went wrong, for a person. @default the registry's message */
  message?: string;
  /** When the caller may try again, milliseconds. Only for retriable codes. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** Longest message on the wire, characters: what others wrote may be part of it, and a link refuses 10,000. */
const MAX_MESSAGE_CHARACTERS = 1_000;

/** An error of the registry. Everything that crosses a process boundary is one of these. */
export class FleetError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: FleetErrorOptions = {}) {
    super(options.message ?? ERRORS[code].message, { cause: options.cause });
    this.name = 'FleetError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** HTTP status, and the `errorCode` of a protoo error response. */
  get status(): number {
    return ERRORS[this.code].status;
  }

  get retriable(): boolean {
    return ERRORS[this.code].retriable;
  }

  toJSON(): SerializedFleetError {
    const message = this.message.slice(0, MAX_MESSAGE_CHARACTERS);
    return { code: this.code, message, retryAfterMs: this.retryAfterMs };
  }

  /** `error` itself when it is of the registry, else `FLEET_ERR_INTERNAL` with it as the cause. */
  static from(error: unknown): FleetError {
    return error instanceof FleetError ? error : new FleetError('FLEET_ERR_INTERNAL', { cause: error });
  }
}

/** How a {@link FleetError} crosses a process boundary. */
export interface SerializedFleetError {
  code: ErrorCode;
  message: string;
  /** Milliseconds. */
  retryAfterMs?: number | undefined;
}
