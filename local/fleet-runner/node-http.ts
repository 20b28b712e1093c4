import { get } from 'node:http';

export interface HttpAnswer {
  status: number;
  body: string;
}

export interface HttpAskOptions {
  host: string;
  port: number;
  path: string;
  headers?: Record<string, string>;
  /** For the whole exchange, milliseconds. */
  timeoutMs: number;
}

/** More than the status of any local fleet. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** GET on a connection of its own, so that nothing lingers that a stopping node would wait for. */
export function askHttp(options: HttpAskOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = get(
      {
        host: options.host,
        port: options.port,
        path: options.path,
        agent: false,
        headers: { connection: 'close', ...options.headers },
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
  });
}
