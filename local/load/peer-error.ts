import type { ReconnectError } from '../../core/protocol/reconnect-policy';
import { connectionRefusedSchema } from '../../core/protocol/fleet-extensions';
import { CLOSE_CODES } from '../../core/protocol/protoo';

const CODE = /FLEET_ERR_[A-Z0-9_]+/;
const RATE_LIMITED = 429;
const UNAVAILABLE = 503;

/**
 * Why a load peer is not in: a code of the server's registry, or one of its own (CONNECTION_LOST, TIMEOUT,
 * MEDIA_LOST), with what the reconnect policy wants to know.
 */
export class PeerError extends Error implements ReconnectError {
  readonly retriable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: string,
    message: string,
    options: { retriable?: boolean; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'PeerError';
    this.retriable = options.retriable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }

  static lost(message: string, cause?: unknown): PeerError {
    return new PeerError('CONNECTION_LOST', message, { retriable: true, cause });
  }

  /** `error` itself when it is one, else a lost connection: an address, a certificate, a network. */
  static from(error: unknown): PeerError {
    if (error instanceof PeerError) return error;
    return PeerError.lost(error instanceof Error ? error.message : String(error), error);
  }

  /** Of protoo's `errorReason` (`CODE: what happened`). */
  static ofResponse(errorCode: number, errorReason: string): PeerError {
    const retriable = errorCode === RATE_LIMITED || errorCode === UNAVAILABLE;
    return new PeerError(CODE.exec(errorReason)?.[0] ?? `HTTP_${errorCode}`, errorReason, { retriable });
  }

  /** Of the notification `connectionRefused`. */
  static ofRefusal(data: unknown): PeerError {
    const { code, message, retriable, retryAfterMs } = connectionRefusedSchema.parse(data);
    return new PeerError(code, message, { retriable, retryAfterMs });
  }

  static ofClose(code: number, reason: string): PeerError {
    const retriable = code !== CLOSE_CODES.final;
    const serverCode = CODE.exec(reason)?.[0];
    if (serverCode !== undefined) return new PeerError(serverCode, reason, { retriable });
    if (!retriable) return new PeerError('FLEET_ERR_PEER_REMOVED', 'the server ended this peer');
    return PeerError.lost(`the connection closed with ${code}`);
  }
}
