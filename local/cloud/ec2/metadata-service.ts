import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const TOKEN_PATH = '/latest/api/token';
const DATA_PREFIX = '/latest/meta-data/';
/** The longest that a session token may be asked for, seconds. */
const LONGEST_TOKEN_SECONDS = 21_600;

/**
 * The metadata service of one instance, version 2 only, as the launch template demands (`HttpTokens: required`): a PUT
 * gives a session token, and every reading carries it. Source: EC2 user guide, "Use the Instance Metadata Service".
 */
export class MetadataService {
  private readonly items = new Map<string, string>();
  /** Until when each token is good, milliseconds of a clock that never goes back. */
  private readonly tokens = new Map<string, number>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** @param host the instance's address */
  static async start(host: string, items: Readonly<Record<string, string>>): Promise<MetadataService> {
    const service = new MetadataService();
    for (const [path, value] of Object.entries(items)) service.items.set(path, value);
    service.server.listen(0, host);
    await once(service.server, 'listening');
    service.server.unref();
    return service;
  }

  /** For `AWS_EC2_METADATA_SERVICE_ENDPOINT`. */
  get url(): string {
    const address = this.server.address();
    if (typeof address !== 'object' || !address) throw new Error('the metadata service is closed');
    return `http://${address.address}:${address.port}`;
  }

  /** @param path below `meta-data/` */
  set(path: string, value: string): void {
    this.items.set(path, value);
  }

  /** Idempotent. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    // A browser that was led here by a name of somebody else's sends that name, and what forwards says so.
    if (request.headers['x-forwarded-for'] !== undefined || request.headers.origin !== undefined) {
      return void response.writeHead(403).end();
    }
    const { method = '', url = '' } = request;
    if (url === TOKEN_PATH) return this.issueToken(request, response);
    if (method !== 'GET') return void response.writeHead(405).end();
    const token = request.headers['x-aws-ec2-metadata-token'];
    if (typeof token !== 'string' || (this.tokens.get(token) ?? 0) < performance.now()) {
      return void response.writeHead(401).end();
    }
    const path = url.startsWith(DATA_PREFIX) ? url.slice(DATA_PREFIX.length).replace(/\/$/, '') : undefined;
    const item = path === undefined ? undefined : (this.items.get(path) ?? this.list(path));
    if (item === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/plain' }).end(item);
  }

  private issueToken(request: IncomingMessage, response: ServerResponse): void {
    const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (request.method !== 'PUT') return void response.writeHead(405).end();
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_TOKEN_SECONDS) {
      return void response.writeHead(400).end();
    }
    const nowMs = performance.now();
    for (const [token, untilMs] of this.tokens) if (untilMs < nowMs) this.tokens.delete(token);
    const token = randomBytes(32).toString('base64url');
    this.tokens.set(token, nowMs + seconds * 1_000);
    response.writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) }).end(token);
  }

  /** What lies below a path, a line each; what has more below it ends with a slash. */
  private list(path: string): string | undefined {
    const prefix = path === '' ? '' : `${path}/`;
    const below = [...this.items.keys()].filter((name) => name.startsWith(prefix));
    if (below.length === 0) return undefined;
    const names = below.map((name) => name.slice(prefix.length).replace(/\/.*$/, '/'));
    return [...new Set(names)].sort().join('\n');
  }
}
