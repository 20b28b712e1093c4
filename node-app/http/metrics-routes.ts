import type { FastifyInstance } from 'fastify';
import { type OperatorAccess, operatorGuard } from './operator-guard';

export interface MetricsRoutesOptions {
  metrics: { render(): Promise<{ contentType: string; body: string }> };
  /** The listener is the one that the internet reaches: load and room counts are for operators only. */
  access: OperatorAccess;
}

/** Fastify plugin: `/metrics` for Prometheus, which sends the operator's token as its `authorization`. */
export async function metricsRoutes(app: FastifyInstance, options: MetricsRoutesOptions): Promise<void> {
  app.decorateRequest('operatorSubject', undefined);
  app.addHook('onRequest', operatorGuard(options.access));

  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await options.metrics.render();
    return reply.type(contentType).header('cache-control', 'no-store').send(body);
  });
}
