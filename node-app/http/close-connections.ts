import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** For requests that are being answered when the server closes, milliseconds. */
const GRACE_MS = 5_000;

/**
 * Lets a server end. Node closes the connections that have had an answer and then waits for all the others, without any of its
 * time limits: one that a browser opened in advance, or somebody who stops in the middle of a request, would keep it
 * for ever. Call it before the server listens. Returns what is to be called before the server is closed.
 */
export function endConnectionsOf(server: Server): () => void {
  const withoutRequest = new Set<Socket>();
  let isClosing = false;
  server.on('connection', (socket) => {
    if (isClosing) {
      socket.destroy();
      return;
    }
    withoutRequest.add(socket);
    socket.once('close', () => withoutRequest.delete(socket));
  });
  server.on('request', ({ socket }) => withoutRequest.delete(socket));
  server.on('upgrade', ({ socket }) => withoutRequest.delete(socket));
  return () => {
    isClosing = true;
    for (const socket of withoutRequest) socket.destroy();
    const grace = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.once('close', () => clearTimeout(grace));
  };
}
