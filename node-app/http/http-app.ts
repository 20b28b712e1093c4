import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';
import { FleetError } from '../../core/errors';
import { MAX_JSON_NESTING, nestsDeeperThan } from '../../core/protocol/json-nesting';
import { endConnectionsOf } from './close-connections';
import { replyNotFound, replyWithError } from './error-handler';

export interface HttpAppOptions {
  logger: FastifyBaseLogger;
  /** The largest body that is read, bytes. @default 65536: a broadcaster's rtpParameters are about 2 KiB. */
  bodyLimitBytes?: number;
  /** How long a client may take to send a request, milliseconds. @default 15000 */
  requestTimeoutMs?: number;
}

/** An id is at most 256 characters, each at most 9 bytes when percent-encoded (3 bytes of UTF-8 as `%XX`). */
const LONGEST_ID_IN_PATH = 256 * 9;

/**
 * The node's HTTP server before any route: limits, and the one form in which every request fails, whichever
 * plugin it was for. Close it with `app.close()`.
 */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: options.logger,
    // Request lines would carry the URL, and with it the access token of a WebSocket.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes ?? 65_536,
    requestTimeout: options.requestTimeoutMs ?? 15_000,
    // While the server closes, what still arrives gets a typed answer from its route, not Fastify's own 503.
    return503OnClosing: false,
    routerOptions: { maxParamLength: LONGEST_ID_IN_PATH },
    clientErrorHandler: refuseUnparsable,
    frameworkErrors: (error, request, reply) => {
      void replyWithError(error, request, reply);
    },
  });
  const endConnections = endConnectionsOf(app.server);
  app.addHook('preClose', (done) => {
    endConnections();
    done();
  });
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // What is deeper can be read, but not written again for the node that it is passed on to.
    if (nestsDeeperThan(body, MAX_JSON_NESTING)) {
      const message = `more than ${MAX_JSON_NESTING} levels of JSON`;
      done(new FleetError('FLEET_ERR_BAD_REQUEST', { message }));
      return;
    }
    // Its types know a callback only; it has no result of its own.
    void parseJson(request, body.toString('utf8'), done);
  });
  app.decorateReply('fleetErrorCode', undefined);
  app.addHook('onResponse', (request, _reply, done) => {
    // An upgrade that was refused: its socket is no longer the server's, who would end it else.
    if (request.headers.upgrade !== undefined) request.raw.socket.destroySoon();
    done();
  });
  app.setErrorHandler((error, request, reply) => replyWithError(error, request, reply));
  app.setNotFoundHandler(replyNotFound);
  return app;
}

const CONNECTION_FAULTS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'the headers are too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'the request took too long to arrive',
};

/** What is not even HTTP gets the same form of answer, as far as its socket still takes one. */
function refuseUnparsable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const message = CONNECTION_FAULTS[error.code ?? ''] ?? 'this is not valid HTTP';
  const body = JSON.stringify(new FleetError('FLEET_ERR_BAD_REQUEST', { message }));
  socket.end(
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
