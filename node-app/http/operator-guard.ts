import type { FastifyReply, FastifyRequest } from 'fastify';
import { FleetError } from '../../core/errors';
import { isLoopbackAddress, loopbackHost } from '../../core/loopback';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who the operator's token was issued to; undefined until the guard has let the request pass. */
    operatorSubject: string | undefined;
  }
}

/** How the operator's routes know that an operator calls. */
export type OperatorAccess =
  | {
      kind: 'token';
      /** Checks an `Authorization` header. @throws FleetError FLEET_ERR_TOKEN_MISSING, FLEET_ERR_TOKEN_INVALID, … */
      verifyOperator(authorizationHeader: string | undefined): Promise<{ subject: string }>;
    }
  | {
      /** `auth: open`: whoever reaches this over loopback is the operator. Never for a public listener. */
      kind: 'open-on-loopback';
    };

/** Who acts when nobody had to say who they are. */
const LOOPBACK_SUBJECT = 'loopback';

/** A Fastify `onRequest` hook that lets only operators pass. Nothing of the request's body is read before it. */
export function operatorGuard(
  access: OperatorAccess,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request) => {
    if (access.kind === 'token') {
      const { subject } = await access.verifyOperator(request.headers.authorization);
      request.operatorSubject = subject;
      return;
    }
    refuseStrangers(request);
    request.operatorSubject = LOOPBACK_SUBJECT;
  };
}

/**
 * Without a token, a web page that the operator happens to visit must not be able to act through their browser:
 * neither with a name of its own that resolves to 127.0.0.1 (DNS rebinding: the Host header gives it away), nor
 * with a request from its own origin (the Origin header does).
 */
function refuseStrangers(request: FastifyRequest): void {
  if (!isLoopbackAddress(request.socket.remoteAddress)) {
    throw forbidden('without operator tokens (auth: open) this route answers to loopback only');
  }
  const host = loopbackHost(request.headers.host);
  if (host === undefined) throw forbidden('the Host header does not name this machine as loopback');
  const origin = request.headers.origin;
  if (origin !== undefined && URL.parse(origin)?.host !== host) {
    throw forbidden('requests from pages of another origin are refused');
  }
}

function forbidden(message: string): FleetError {
  return new FleetError('FLEET_ERR_FORBIDDEN', { message });
}
