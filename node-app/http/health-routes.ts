import type { FastifyInstance } from 'fastify';
import { type ReadinessFacts, unreadyReasons } from '../../core/readiness';

export interface HealthRoutesOptions {
  nodeId: string;
  release: string;
  /** Read at each request; must not wait for anything. */
  facts: () => ReadinessFacts & {
    /** Whether the connection to Redis works now. Told to people, never part of the decision. */
    redisUp: boolean;
    /** Since placement last answered a heartbeat, milliseconds. Told to people, never part of the decision. */
    heartbeatAgeMs: number | undefined;
  };
}

/**
 * Fastify plugin: `/healthz` for whoever would restart the process, `/readyz` for the load balancer. They are two
 * because their consequences are: failing the first ends calls, failing the second only sends new connections
 * elsewhere (livekit-helm#116). Both need no token and say nothing that is secret.
 */
export async function healthRoutes(app: FastifyInstance, options: HealthRoutesOptions): Promise<void> {
  const { nodeId, release, facts } = options;

  // That this is answered at all is what it says. It depends on nothing outside of the process, nor on the
  // node's state: a node that drains, or that lost Redis, holds calls which a restart would cut.
  app.get('/healthz', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    return { status: 'ok', nodeId, release };
  });

  app.get('/readyz', async (_request, reply) => {
    const { phase, state, workersAlive, redisUp, heartbeatAgeMs } = facts();
    const reasons = unreadyReasons({ phase, state, workersAlive });
    const ready = reasons.length === 0;
    void reply.code(ready ? 200 : 503).header('cache-control', 'no-store');
    const placement = { redisUp, heartbeatAgeMs: heartbeatAgeMs && Math.round(heartbeatAgeMs) };
    return { ready, reasons, nodeId, release, state, workersAlive, placement };
  });
}
