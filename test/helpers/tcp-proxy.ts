import { once } from 'node:events';
import {
  connect,
  createServer,
  type AddressInfo,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net';

/** A way to a server that a test can cut, stall or slow down, as networks do. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private refusing = false;
  private stalled = false;
  private delayMs = 0;
  private readonly server: Server;

  private constructor(private target: NetConnectOpts | undefined) {
    this.server = createServer((socket) => this.accept(socket));
  }

  /**
   * @param url of the server behind it, unix sockets too. @default named by `retarget`: a proxy's port is often needed first
   * @param host where it listens
   */
  static async to(url?: string, host = '127.0.0.1'): Promise<TcpProxy> {
    const proxy = new TcpProxy(url === undefined ? undefined : targetOf(url));
    proxy.server.listen(0, host);
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get address(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** New connections go to another server. */
  retarget(url: string): void {
    this.target = targetOf(url);
  }

  /** Breaks every connection; with `refuse`, also those to come until `restore`. */
  cut({ refuse = false } = {}): void {
    this.refusing = refuse;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  restore(): void {
    this.refusing = false;
  }

  /** Nothing passes any more, on connections of now and later, and nobody is told. */
  stall(): void {
    this.stalled = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** What was held back passes. */
  unstall(): void {
    this.stalled = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** What the server says from now on comes so much later, in its order. */
  slow(delayMs: number): void {
    this.delayMs = delayMs;
  }

  async close(): Promise<void> {
    this.cut({ refuse: true });
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    if (this.refusing || this.target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.target);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    // By events and not `pipe`, which would resume by itself what is stalled.
    client.on('data', (chunk) => upstream.write(chunk));
    client.on('end', () => upstream.end());
    this.passLate(upstream, client);
    if (this.stalled) for (const socket of [client, upstream]) socket.pause();
  }

  private passLate(from: Socket, to: Socket): void {
    let earlier = Promise.resolve();
    from.on('data', (chunk) => {
      const due = new Promise((resolve) => setTimeout(resolve, this.delayMs));
      earlier = Promise.all([earlier, due]).then(() => {
        if (!to.destroyed) to.write(chunk);
      });
    });
    from.on('end', () => void earlier.then(() => to.end()));
  }
}

function targetOf(url: string): NetConnectOpts {
  const { protocol, hostname, port, pathname } = new URL(url);
  return protocol === 'unix:' ? { path: pathname } : { host: hostname, port: Number(port) };
}
