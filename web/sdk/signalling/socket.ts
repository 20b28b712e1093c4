/** What signalling needs of a WebSocket; the browser's own fits. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  readonly readyState: number;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
}

/** Opens a socket to `url` with the `protoo` subprotocol. */
export type SocketFactory = (url: string, subprotocol: string) => SocketLike;

/** `readyState` of an open WebSocket. */
export const SOCKET_OPEN = 1;
