/** As much of protoo-client 4.0.8 as the tests use; the package brings no types. */
declare module 'protoo-client' {
  import type { EventEmitter } from 'node:events';

  export class WebSocketTransport {
    constructor(url: string, options?: { retry?: object });
  }

  export class Peer extends EventEmitter {
    constructor(transport: WebSocketTransport);
    readonly closed: boolean;
    request(method: string, data?: unknown): Promise<unknown>;
    notify(method: string, data?: unknown): Promise<void>;
    close(): void;
  }
}
