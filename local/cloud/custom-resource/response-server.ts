import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** What a custom resource says of a request (CloudFormation template reference, "Custom resource response objects"). */
const responseSchema = z.object({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().optional(),
  PhysicalResourceId: z.string().min(1).max(1_024).optional(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  Data: z.record(z.string(), z.unknown()).default({}),
});
export type CustomResourceResponse = z.infer<typeof responseSchema>;

/** "The total size of the response body can't exceed 4096 bytes." */
const MAX_BODY_BYTES = 4_096;

/** An answer that is waited for. */
export interface ResponseSlot {
  /** `ResponseURL`. */
  url: string;
  /** Rejects when what came is no answer. */
  response: Promise<CustomResourceResponse>;
  /** Nobody waits any more. Idempotent. */
  close(): void;
}

interface Waiting {
  resolve: (response: CustomResourceResponse) => void;
  reject: (error: Error) => void;
}

/** Stands for the presigned address in S3 that CloudFormation gives a custom resource: takes one PUT. */
export class ResponseServer {
  private readonly waiting = new Map<string, Waiting>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      this.take(request, response).catch((error: Error) => response.destroy(error));
    });
  }

  static async start(): Promise<ResponseServer> {
    const server = createServer();
    const started = new ResponseServer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return started;
  }

  open(): ResponseSlot {
    const address = this.server.address();
    if (typeof address !== 'object' || !address) throw new Error('the server for responses is closed');
    const key = randomUUID();
    const response = new Promise<CustomResourceResponse>((resolve, reject) => {
      this.waiting.set(key, { resolve, reject });
    });
    return {
      url: `http://127.0.0.1:${address.port}/${key}`,
      response,
      close: () => this.waiting.delete(key),
    };
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = request.url?.slice(1) ?? '';
    const waiting = request.method === 'PUT' ? this.waiting.get(key) : undefined;
    if (!waiting) return void response.writeHead(403).end();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
    }
    response.writeHead(200).end();
    const parsed = bytes > MAX_BODY_BYTES ? undefined : parse(Buffer.concat(chunks).toString());
    if (parsed) waiting.resolve(parsed);
    else waiting.reject(new Error('the response of the custom resource is not one'));
  }
}

function parse(text: string): CustomResourceResponse | undefined {
  try {
    return responseSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Not even JSON.
    return undefined;
  }
}
