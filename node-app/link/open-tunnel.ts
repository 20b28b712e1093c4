import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { FleetError } from '../../core/errors';
import type { LinkKey } from './link-secrets';
import { createTunnelProof, TUNNEL_PROOF_HEADER } from './tunnel-proof';

/** Bytes of one WebSocket message of a tunnel. */
export const MAX_TUNNEL_MESSAGE_BYTES = 64 * 1024;

export interface OpenTunnelOptions {
  /** Of the other region's endpoint, with the path of the node. */
  url: URL;
  key: LinkKey;
  nowMs: number;
  signal: AbortSignal;
}

/**
 * Bytes to a node of another region and back, inside a WebSocket to that region's endpoint. What is said in it is for
 * that node alone: TLS with the link secret is spoken end to end.
 * @throws FleetError FLEET_ERR_LINK_REFUSED when that region doesn't take this node's proof; what the network throws
 */
export function openTunnel({ url, key, nowMs, signal }: OpenTunnelOptions): Promise<Duplex> {
  const socket = new WebSocket(url, {
    headers: { [TUNNEL_PROOF_HEADER]: createTunnelProof(key, url.pathname, nowMs) },
    perMessageDeflate: false,
    maxPayload: MAX_TUNNEL_MESSAGE_BYTES,
  });
  const abort = (): void => socket.terminate();
  return new Promise<Duplex>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      reject(refusalOf(response, url));
      response.destroy();
    });
    socket.once('open', () => resolve(tunnelStream(socket)));
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  }).finally(() => signal.removeEventListener('abort', abort));
}

/** An open WebSocket as a stream of bytes. Its errors end it and are told to nobody: the links on it have their own. */
export function tunnelStream(socket: WebSocket): Duplex {
  const stream = createWebSocketStream(socket);
  stream.on('error', () => stream.destroy());
  // TLS hands over all that waited, which may be megabytes.
  stream._write = (chunk: Buffer, _encoding, written) => {
    if (chunk.length === 0) return written();
    for (let at = 0; at < chunk.length; at += MAX_TUNNEL_MESSAGE_BYTES) {
      const part = chunk.subarray(at, at + MAX_TUNNEL_MESSAGE_BYTES);
      socket.send(part, at + part.length === chunk.length ? written : undefined);
    }
  };
  return stream;
}

function refusalOf({ statusCode }: IncomingMessage, { host, pathname }: URL): Error {
  const message = `${host} answers ${statusCode ?? 'nothing'} to ${pathname}`;
  return statusCode === 401 ? new FleetError('FLEET_ERR_LINK_REFUSED', { message }) : new Error(message);
}
