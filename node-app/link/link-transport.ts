import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { LinkKeys } from './link-secrets';

/**
 * TLS with pre-shared keys: both ends prove that they know the secret, and the traffic (SRTP keys among it) is
 * encrypted with forward secrecy, without a certificate to issue or renew. TLS 1.2, because Node's PSK
 * callbacks are defined for it.
 */
const CIPHER_OPTIONS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;

/** Handshakes of strangers end after this time, milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 3_000;

export interface LinkListener {
  readonly port: number;
  close(): Promise<void>;
}

export interface LinkListenOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  keys: LinkKeys;
  onSocket: (socket: tls.TLSSocket) => void;
  /** A handshake failed: the other side does not know the secret, or is no node at all. */
  onStranger: (address: string, reason: string) => void;
}

export async function listenForLinks(options: LinkListenOptions): Promise<LinkListener> {
  const server = tls.createServer({
    ...CIPHER_OPTIONS,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    pskCallback: (_socket, identity) => options.keys.find(identity)?.psk ?? null,
  });
  server.on('secureConnection', (socket) => {
    socket.setNoDelay(true);
    options.onSocket(socket);
  });
  server.on('tlsClientError', (error: Error & { code?: string }, socket) => {
    options.onStranger(socket.remoteAddress ?? 'unknown', error.code ?? error.message);
    socket.destroy();
  });
  // Raw sockets, so that close() also ends those that are still in their handshake.
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

export interface HostAndPort {
  host: string;
  port: number;
}

/** `10.0.1.7:4444`, `node.example:4444` or `[::1]:4444`. */
export function parseLinkAddress(address: string): HostAndPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host && port > 0 && port <= 65_535 ? { host, port } : undefined;
}

/** A connection that is being made; `abort` makes it fail. */
export interface LinkDial {
  socket: Promise<tls.TLSSocket>;
  abort(): void;
}

export function dialLink(options: HostAndPort & { keys: LinkKeys }): LinkDial {
  const { identity, psk } = options.keys.dial;
  const socket = tls.connect({
    ...CIPHER_OPTIONS,
    host: options.host,
    port: options.port,
    pskCallback: () => ({ identity, psk }),
    // There is no certificate to check: knowing the key is the proof.
    checkServerIdentity: () => undefined,
  });
  socket.setNoDelay(true);
  return {
    socket: new Promise((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed during the handshake')));
    }),
    abort: () => socket.destroy(),
  };
}
