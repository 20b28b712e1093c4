import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { LinkAddress } from './link-address';
import type { LinkKeys } from './link-secrets';
import { openTunnel } from './open-tunnel';

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
  /** Takes a connection that came another way: a tunnel's. */
  take(stream: Duplex): void;
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
  const open = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
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
    take: (stream) => {
      server.emit('connection', stream);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** A connection that is being made; `abort` makes it fail. */
export interface LinkDial {
  socket: Promise<tls.TLSSocket>;
  abort(): void;
}

export interface LinkDialOptions {
  address: LinkAddress;
  keys: LinkKeys;
  /** This node's clock, milliseconds since 1970. */
  nowMs: number;
}

export function dialLink({ address, keys, nowMs }: LinkDialOptions): LinkDial {
  const { identity, psk } = keys.dial;
  const aborted = new AbortController();
  const connect = (way: { host: string; port: number } | { socket: Duplex }): Promise<tls.TLSSocket> => {
    const socket = tls.connect({
      ...CIPHER_OPTIONS,
      ...way,
      pskCallback: () => ({ identity, psk }),
      // There is no certificate to check: knowing the key is the proof.
      checkServerIdentity: () => undefined,
    });
    const abort = (): void => void socket.destroy();
    if (aborted.signal.aborted) abort();
    aborted.signal.addEventListener('abort', abort);
    socket.setNoDelay(true);
    return new Promise((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed during the handshake')));
    });
  };
  return {
    socket:
      address.kind === 'direct'
        ? connect({ host: address.host, port: address.port })
        : openTunnel({ url: address.url, key: keys.dial, nowMs, signal: aborted.signal }).then((socket) =>
            connect({ socket }),
          ),
    abort: () => aborted.abort(),
  };
}
