import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { FleetError } from '../../core/errors';
import { isLoopbackAddress, loopbackHost } from '../../core/loopback';
import { CONSOLE_TOKEN_HEADER } from '../../core/protocol/console-token';

/**
 * The console is for this machine, and for its own page: another web page that the person happens to visit must not
 * read it or act through their browser. Neither with a name of its own that resolves to 127.0.0.1 (the Host header gives
 * it away), nor with a request from its own origin (the Origin header does).
 * @throws FleetError FLEET_ERR_FORBIDDEN
 */
export function refuseStrangers({ socket, headers }: FastifyRequest): void {
  if (!isLoopbackAddress(socket.remoteAddress)) throw forbidden('the console answers to loopback only');
  const host = loopbackHost(headers.host);
  if (host === undefined) throw forbidden('the Host header does not name this machine as loopback');
  const { origin } = headers;
  if (origin !== undefined && URL.parse(origin)?.host !== host) {
    throw forbidden('requests from pages of another origin are refused');
  }
}

/**
 * Requests that carry no Origin, such as those for images, tell by this header whose page sent them. Only for the API:
 * the page itself may be linked to.
 * @throws FleetError FLEET_ERR_FORBIDDEN
 */
export function refuseOtherSites({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw forbidden('requests from pages of another origin are refused');
  }
}

/** @throws FleetError FLEET_ERR_TOKEN_MISSING, FLEET_ERR_TOKEN_INVALID */
export function requireToken({ headers }: FastifyRequest, token: string): void {
  const given = headers[CONSOLE_TOKEN_HEADER];
  if (given === undefined || given === '') {
    throw new FleetError('FLEET_ERR_TOKEN_MISSING', {
      message: `the header ${CONSOLE_TOKEN_HEADER} is required`,
    });
  }
  const [theirs, ours] = [Buffer.from(String(given)), Buffer.from(token)];
  if (theirs.length !== ours.length || !timingSafeEqual(theirs, ours)) {
    throw new FleetError('FLEET_ERR_TOKEN_INVALID', {
      message: 'this page is of an earlier run: load it again',
    });
  }
}

function forbidden(message: string): FleetError {
  return new FleetError('FLEET_ERR_FORBIDDEN', { message });
}
