import type { FastifyInstance, FastifyReply } from 'fastify';

export interface ConsoleRoutesOptions {
  /** Another console, of the fleet on this machine: people are sent there. */
  consoleUrl: string | undefined;
  /** Sends this node's own page, which reads the operator API; undefined without one. */
  page: ((reply: FastifyReply) => FastifyReply) | undefined;
}

/** Nobody else's page may show the console in a frame and so lead a hand to it. */
const PAGE_HEADERS = { 'x-frame-options': 'DENY', 'cache-control': 'no-cache' };

/** Fastify plugin: `/console/`, the operator's live view. */
export async function consoleRoutes(app: FastifyInstance, options: ConsoleRoutesOptions): Promise<void> {
  const { consoleUrl, page } = options;
  if (consoleUrl !== undefined) {
    for (const path of ['/console', '/console/']) {
      app.get(path, (_request, reply) => reply.redirect(consoleUrl, 302));
    }
  } else if (page) {
    // The page names its parts relatively, so its address has to end with the slash.
    app.get('/console', (_request, reply) => reply.redirect('/console/', 302));
    app.get('/console/', (_request, reply) => page(reply.headers(PAGE_HEADERS)));
  }
}
