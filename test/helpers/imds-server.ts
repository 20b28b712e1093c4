import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An instance's metadata service over real HTTP: session tokens, 401 without one, 404 for what is not there. */
export class ImdsServer {
  /** `meta-data/` items by path; change them at will. */
  readonly items = new Map<string, string>([
    ['instance-id', 'i-0123456789abcdef0'],
    ['instance-type', 'c7gn.large'],
    ['placement/availability-zone', 'eu-central-1a'],
    ['placement/region', 'eu-central-1'],
    ['mac', '02:00:00:00:00:01'],
    ['local-ipv4', '10.0.1.7'],
    ['public-ipv4', '203.0.113.7'],
    ['network/interfaces/macs/02:00:00:00:00:01/ipv6s', '2001:db8::7'],
  ]);
  /** Method and path of each request. */
  readonly requests: string[] = [];
  /** Answers of these many next requests are HTTP 503. */
  failures = 0;
  /** While true, no request is answered. */
  silent = false;
  /** Seconds that a token is good for, as the service says. */
  tokenTtlSeconds = 21_600;
  #token = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ImdsServer> {
    const server = createServer();
    const imds = new ImdsServer(server);
    server.on('request', (request, response) => imds.#answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return imds;
  }

  get url(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  get tokensGiven(): number {
    return this.#token;
  }

  /** Tokens given so far are not known any more. */
  forgetTokens(): void {
    this.#token += 1;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    if (this.silent) return;
    if (this.failures > 0) {
      this.failures -= 1;
      response.writeHead(503).end();
    } else if (url === '/latest/api/token') {
      this.#issueToken(request, response);
    } else if (request.headers['x-aws-ec2-metadata-token'] !== `token-${this.#token}`) {
      response.writeHead(401).end();
    } else {
      const item = this.items.get(url.replace('/latest/meta-data/', ''));
      response.writeHead(item === undefined ? 404 : 200).end(item ?? '<html>404</html>');
    }
  }

  #issueToken(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'PUT' || !request.headers['x-aws-ec2-metadata-token-ttl-seconds']) {
      response.writeHead(400).end();
      return;
    }
    this.#token += 1;
    response
      .writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': String(this.tokenTtlSeconds) })
      .end(`token-${this.#token}`);
  }
}
