import type { ErrorCode } from '../../core/protocol/for-browsers';

/** What goes wrong in the browser itself, before or without an answer of the server. */
export type LocalErrorCode =
  /** No camera is connected. */
  | 'NO_CAMERA'
  /** No microphone is connected. */
  | 'NO_MICROPHONE'
  /** The person, the browser or the operating system refused the camera, the microphone or the screen. */
  | 'PERMISSION_DENIED'
  /** Another program holds the device, or the operating system can't open it. */
  | 'DEVICE_IN_USE'
  /** The device with the given `deviceId` isn't there (any more). */
  | 'DEVICE_NOT_FOUND'
  /** The person closed the browser's screen picker without choosing. */
  | 'SCREEN_SHARE_CANCELLED'
  /** This browser has no WebRTC, no `getDisplayMedia`, or none of the room's codecs. */
  | 'NOT_SUPPORTED'
  /** Browsers give cameras and microphones only to pages on https or localhost. */
  | 'INSECURE_CONTEXT'
  /** The browser plays sound only after the person has clicked; the SDK starts it on the next click. */
  | 'PLAYBACK_BLOCKED'
  /** The call needs a joined room: `join()` was not called, or the connection is being made anew. */
  | 'NOT_CONNECTED'
  /** The server did not answer a request in time. */
  | 'TIMEOUT'
  /** The connection was lost, and every attempt within the bound failed. */
  | 'CONNECTION_LOST'
  /** The server sent something that is not this protocol. */
  | 'PROTOCOL_ERROR'
  /** A message is longer than a data channel takes, or not a string. */
  | 'BAD_MESSAGE'
  /** The call was given something it can't use, e.g. an ended track. */
  | 'INVALID_ARGUMENT'
  /** The browser could not negotiate or send a track; `cause` has its own error. */
  | 'MEDIA_FAILED'
  /** `leave()` or `close()` ended the client while the call was under way. */
  | 'CLOSED';

/**
 * A code of the server's registry (`FLEET_ERR_…`, docs/errors.md), one of this SDK's own, or one that a newer
 * server knows and this SDK doesn't.
 */
export type FleetClientErrorCode = ErrorCode | LocalErrorCode | (string & Record<never, never>);

export interface FleetClientErrorOptions {
  /** Whether the same call may succeed later without a change. @default false */
  retriable?: boolean;
  /** When to try again, milliseconds. Only from the server, only for retriable codes. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** Everything that the SDK throws, and the payload of its `failed` and `warning` events. */
export class FleetClientError extends Error {
  /** What to switch on. */
  readonly code: FleetClientErrorCode;
  /** Whether the same call may succeed later without a change. */
  readonly retriable: boolean;
  /** When to try again, milliseconds; undefined when the server said nothing. */
  readonly retryAfterMs: number | undefined;

  constructor(code: FleetClientErrorCode, message: string, options: FleetClientErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'FleetClientError';
    this.code = code;
    this.retriable = options.retriable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** `error` itself when it is one already, else one with `code` and `error` as its cause. */
  static from(error: unknown, code: FleetClientErrorCode = 'FLEET_ERR_INTERNAL'): FleetClientError {
    if (error instanceof FleetClientError) return error;
    return new FleetClientError(code, error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}
