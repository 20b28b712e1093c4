import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Writes one structured line for every action of an operator, refused ones included: who, what, on what, with
 * which result. Reading is no action. Call it inside the plugin whose routes it should watch.
 */
export function auditOperatorActions(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { operationId } = request.routeOptions.config;
    if (operationId === undefined || request.method === 'GET' || request.method === 'HEAD') return;
    request.log.info(
      {
        audit: true,
        who: request.operatorSubject ?? 'unknown',
        action: operationId,
        target: request.params,
        reason: reasonOf(request),
        result: reply.fleetErrorCode ?? (reply.raw.writableFinished ? 'ok' : 'aborted'),
        remoteAddress: request.socket.remoteAddress,
        durationMs: Math.round(reply.elapsedTime),
      },
      'operator action',
    );
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The OpenAPI operation of an operator route. */
    operationId?: string;
  }
}

/** What the operator gave as a reason; it has passed the route's schema, or is left out. */
function reasonOf(request: FastifyRequest): string | undefined {
  for (const part of [request.body, request.query]) {
    if (typeof part === 'object' && part !== null && 'reason' in part && typeof part.reason === 'string') {
      return part.reason.slice(0, 500);
    }
  }
  return undefined;
}
