import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, FleetError } from '../../core/errors';

declare module 'fastify' {
  interface FastifyReply {
    /** The code that this request was refused with; undefined when it succeeded. For audit and metrics. */
    fleetErrorCode: ErrorCode | undefined;
  }
}

/**
 * The one way in which an HTTP request fails: `{code, message, retryAfterMs?}` with the status of the registry.
 * What is not a FleetError and not Fastify's complaint about the request is ours: it is logged with its stack
 * and answered without.
 */
export function replyWithError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const fleetError = toFleetError(error);
  reply.fleetErrorCode = fleetError.code;
  if (fleetError.status === 500) request.log.error({ err: error }, 'request failed');
  if (fleetError.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (fleetError.retryAfterMs !== undefined) {
    void reply.header('retry-after', String(Math.ceil(fleetError.retryAfterMs / 1000)));
  }
  return reply
    .code(fleetError.status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorBody(fleetError));
}

export function replyNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message = `no route for ${request.method} on this path`;
  return replyWithError(new FleetError('FLEET_ERR_NOT_FOUND', { message }), request, reply);
}

/** A defect of ours says no more than its code: its message may name files, hosts or keys. */
function errorBody(error: FleetError): object {
  return error.status === 500 ? new FleetError(error.code).toJSON() : error.toJSON();
}

function toFleetError(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  if (!isRequestFault(error)) return FleetError.from(error);
  const code: ErrorCode = error.statusCode === 413 ? 'FLEET_ERR_MESSAGE_TOO_LARGE' : 'FLEET_ERR_BAD_REQUEST';
  return new FleetError(code, { message: REQUEST_FAULTS[error.code], cause: error });
}

/** Fastify's own messages may quote the input; these don't. Other faults get the registry's message. */
const REQUEST_FAULTS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not valid JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the content type says JSON, but the body is empty',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'the content type is not supported; send application/json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body is not as long as the content-length header says',
  FST_ERR_BAD_URL: 'the path is not a valid URL',
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is too large',
};

function isRequestFault(error: unknown): error is FastifyError & { statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}
