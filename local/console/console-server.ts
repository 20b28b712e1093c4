import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import { consoleControlSchemas, isConsoleControlName } from '../../core/protocol/console-controls';
import type { ConsoleControl } from '../../core/protocol/console-controls';
import { CONSOLE_TOKEN_META } from '../../core/protocol/console-token';
import { RunnerError } from '../runner-error';
import type { ConsoleSource } from './console-source';
import { ConsoleStreams } from './console-streams';
import { refuseOtherSites, refuseStrangers, requireToken } from './request-guard';

export interface ConsoleServerOptions {
  source: ConsoleSource;
  /** Folder of the built page (scripts/build-web.ts). */
  pageRoot: string;
  /** 0: a free one. */
  port: number;
  /** Real time: how often a page is fed doesn't depend on how fast the fleet's own time runs. */
  clock: Clock;
}

/** Never anything else: whoever reaches the console can end the fleet's nodes. */
const LOOPBACK = '127.0.0.1';
const BODY_LIMIT_BYTES = 16_384;
const EMPTY_TOKEN = `<meta name="${CONSOLE_TOKEN_META}" content="" />`;

/** For every answer. The page brings a Content-Security-Policy; that nobody may frame it can only be said here. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

const eventsQuerySchema = z.strictObject({
  after: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(300),
});

const roomParamsSchema = z.strictObject({ roomId: z.string().min(1).max(256) });

const streamQuerySchema = z.strictObject({ lastEventId: z.string().max(100).optional() });

/** The console of a fleet on this machine: its page, what the page reads, and the controls. */
export class ConsoleServer {
  private readonly app: FastifyInstance;
  private readonly streams: ConsoleStreams;
  /** Of this run; only its own page knows it. */
  private readonly token = randomBytes(32).toString('base64url');

  private constructor(
    private readonly options: ConsoleServerOptions,
    private readonly page: string,
  ) {
    const { source, clock } = options;
    this.streams = new ConsoleStreams({ source, runId: randomBytes(6).toString('hex'), clock });
    this.app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, requestTimeout: 15_000, forceCloseConnections: true });
    this.app.removeContentTypeParser('text/plain');
    this.app.setErrorHandler((error, _request, reply) => refuse(reply, error));
    this.app.setNotFoundHandler((_request, reply) => refuse(reply, new FleetError('FLEET_ERR_NOT_FOUND')));
    this.app.addHook('onRequest', async (request, reply) => {
      void reply.headers(SECURITY_HEADERS);
      refuseStrangers(request);
    });
  }

  /** @throws RunnerError when the page is not built, or the port is taken */
  static async start(options: ConsoleServerOptions): Promise<ConsoleServer> {
    const server = new ConsoleServer(options, await readPage(options.pageRoot));
    try {
      await server.listen();
    } catch (cause) {
      await server.close();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RunnerError(`the console can not listen on port ${options.port}: ${reason}`, { cause });
    }
    return server;
  }

  /** Where the page is. */
  get url(): string {
    const address = this.app.server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return `http://localhost:${port}/`;
  }

  /** How many pages are open. */
  get readers(): number {
    return this.streams.size;
  }

  /** Ends all streams and connections. Idempotent. */
  async close(): Promise<void> {
    this.streams.close();
    await this.app.close();
  }

  private async listen(): Promise<void> {
    const { pageRoot, port } = this.options;
    await this.app.register(async (api) => this.addApi(api), { prefix: '/api' });
    for (const path of ['/', '/index.html']) {
      this.app.get(path, async (_request, reply) =>
        reply
          .header('cache-control', 'no-store')
          .type('text/html; charset=utf-8')
          .send(this.page.replace(EMPTY_TOKEN, EMPTY_TOKEN.replace('""', `"${this.token}"`))),
      );
    }
    await this.app.register(fastifyStatic, { root: pageRoot, index: false });
    await this.app.listen({ host: LOOPBACK, port });
  }

  private addApi(api: FastifyInstance): void {
    const { source } = this.options;
    api.addHook('onRequest', async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      refuseOtherSites(request);
    });
    api.get('/state', () => source.state());
    api.get('/rooms/:roomId/pipes', async ({ params }) => {
      const { roomId } = parse(roomParamsSchema, params);
      return { pipes: await source.pipes(roomId) };
    });
    api.get('/events', async ({ query }) => {
      const { after, limit } = parse(eventsQuerySchema, query);
      return { events: source.events(after).slice(-limit) };
    });
    api.get('/stream', (request, reply) => {
      // A browser that comes back by itself sends the header; a page that opens the stream anew can't.
      const { lastEventId } = parse(streamQuerySchema, request.query);
      const header = request.headers['last-event-id'];
      this.streams.open(reply.raw, typeof header === 'string' ? header : lastEventId);
      reply.hijack();
    });
    api.post<{ Params: { name: string } }>(
      '/controls/:name',
      // Before the body is read.
      { onRequest: async (request) => requireToken(request, this.token) },
      async (request, reply) => {
        await source.control(parseControl(request.params.name, request.body ?? {}));
        return reply.code(204).send();
      },
    );
  }
}

/** @throws FleetError FLEET_ERR_NOT_FOUND, FLEET_ERR_BAD_REQUEST */
function parseControl(name: string, body: unknown): ConsoleControl {
  if (!isConsoleControlName(name)) {
    throw new FleetError('FLEET_ERR_NOT_FOUND', { message: 'there is no such control' });
  }
  // The schema is the one of this name, which the type can't follow.
  return { name, payload: parse(consoleControlSchemas[name], body) } as ConsoleControl;
}

/** @throws FleetError FLEET_ERR_BAD_REQUEST */
function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw new FleetError('FLEET_ERR_BAD_REQUEST', {
    message: `${where}${issue?.message ?? 'is not valid'}`,
    cause: parsed.error,
  });
}

function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  const fleetError = toFleetError(error);
  return reply.code(fleetError.status).type('application/json; charset=utf-8').send(fleetError.toJSON());
}

function toFleetError(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  const message = error instanceof Error ? error.message : undefined;
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  // Whoever reads it runs the fleet, on this machine: they shall know what went wrong.
  if (!(status >= 400 && status < 500)) {
    return new FleetError('FLEET_ERR_INTERNAL', { message, cause: error });
  }
  const code = status === 413 ? 'FLEET_ERR_MESSAGE_TOO_LARGE' : 'FLEET_ERR_BAD_REQUEST';
  return new FleetError(code, { cause: error });
}

/** @throws RunnerError */
async function readPage(pageRoot: string): Promise<string> {
  const file = join(pageRoot, 'index.html');
  const page = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new RunnerError(`the console's page is not built: ${file} is missing`, { cause });
  });
  if (!page.includes(EMPTY_TOKEN)) throw new RunnerError(`${file} is not the console's page`);
  return page;
}
