import type { FastifyInstance, FastifyRequest } from 'fastify';
import { auditOperatorActions } from './audit-log';
import { OPERATOR_OPERATIONS, type OperationId, type OperatorOperation } from './operator-contract';
import { type OperatorAccess, operatorGuard } from './operator-guard';
import { type OperatorCall, type OperatorHandlerOptions, operatorHandlers } from './operator-handlers';
import { useZodSchemas } from './zod-compilers';

export interface OperatorRoutesOptions extends OperatorHandlerOptions {
  access: OperatorAccess;
}

/** Fastify plugin: the operator API of operator-contract.ts, behind the operator's token, every action audited. */
export async function operatorRoutes(app: FastifyInstance, options: OperatorRoutesOptions): Promise<void> {
  useZodSchemas(app);
  app.decorateRequest('operatorSubject', undefined);
  app.addHook('onRequest', operatorGuard(options.access));
  auditOperatorActions(app);

  const handlers = operatorHandlers({ ...options, logger: app.log });
  const add = <I extends OperationId>(operationId: I): void => {
    const operation: OperatorOperation = OPERATOR_OPERATIONS[operationId];
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      config: { operationId },
      schema: {
        params: operation.params,
        querystring: operation.query,
        ...(operation.body === undefined ? {} : { body: operation.body }),
        response: { 200: operation.response },
      },
      handler: async (request, reply) => {
        void reply.header('cache-control', 'no-store');
        return handlers[operationId](parsedCall<I>(request));
      },
    });
  };
  for (const operationId of Object.keys(OPERATOR_OPERATIONS) as OperationId[]) add(operationId);
}

/** The route's schemas have parsed these three; this is where that knowledge becomes a type. */
function parsedCall<I extends OperationId>(request: FastifyRequest): OperatorCall<I> {
  const { params, query, body } = request;
  return { params, query, body } as OperatorCall<I>;
}
