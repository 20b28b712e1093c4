import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface AwsCall {
  /** E.g. `PutMetricData`. */
  action: string;
  body: string;
  /** What the call was signed for, e.g. `eu-central-1`. */
  region: string | undefined;
}

/** What AWS_ENDPOINT_URL can point at: answers every call, and gives the secrets that it is given. */
export class AwsEndpoint {
  readonly calls: AwsCall[] = [];
  /** Text of each secret, by the id that is asked for. */
  readonly secrets = new Map<string, string>();
  /** Whole answers to calls for a secret, by its id, instead of the secret: errors, and what is no answer at all. */
  readonly refusals = new Map<string, string>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<AwsEndpoint> {
    const server = createServer();
    const endpoint = new AwsEndpoint(server);
    server.on('request', (request, response) => {
      endpoint.#answer(request, response).catch((error: Error) => response.destroy(error));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return endpoint;
  }

  /** What an SDK client on this endpoint needs in its environment. */
  get variables(): Record<string, string> {
    const address = this.server.address();
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }

  callsOf(action: string): AwsCall[] {
    return this.calls.filter((call) => call.action === action);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    // JSON protocols name the action in a header, the query protocol in the body.
    const target = request.headers['x-amz-target'];
    const action =
      (typeof target === 'string' ? target.split('.')[1] : new URLSearchParams(body).get('Action')) ?? '';
    const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
    this.calls.push({ action, body, region });
    if (action !== 'GetSecretValue') {
      response.writeHead(200).end();
      return;
    }
    const { SecretId } = JSON.parse(body) as { SecretId: string };
    const SecretString = this.secrets.get(SecretId);
    const answer =
      SecretString === undefined ? { __type: 'ResourceNotFoundException' } : { Name: SecretId, SecretString };
    const refusal = this.refusals.get(SecretId);
    response.writeHead(SecretString === undefined || refusal !== undefined ? 400 : 200, {
      'content-type': 'application/x-amz-json-1.1',
    });
    response.end(refusal ?? JSON.stringify(answer));
  }
}
