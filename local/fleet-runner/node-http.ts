import { request as openRequest } from 'node:http';

export interface HttpAnswer {
  status: number;
  body: string;
}

export interface HttpAskOptions {
  host: string;
  port: number;
  path: string;
  /** @default GET */
  method?: 'GET' | 'POST';
  /** JSON. @default none */
  body?: string | undefined;
  headers?: Record<string, string>;
  /** For the whole exchange, milliseconds. */
  timeoutMs: number;
}

/** More than the status of any local fleet. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** One request on a connection of its own, so that nothing lingers that a stopping node would wait for. */
export function askHttp(options: HttpAskOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { body } = options;
    const request = openRequest(
      {
        method: options.method ?? 'GET',
        host: options.host,
        port: options.port,
        path: options.path,
        agent: false,
        headers: {
          connection: 'close',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...options.headers,
        },
        signal: AbortSignal.timeout(options.timeoutMs),
      },
      (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on('data', (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > MAX_BODY_BYTES) request.destroy(new Error('the answer is too large'));
          else pieces.push(piece);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
