import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server that a test can cut, as a lost network does. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private refusing = false;
  private delayMs = 0;
  private readonly server: Server;

  private constructor(private target: { host: string; port: number }) {
    this.server = createServer((socket) => this.accept(socket));
  }

  /** @param url of the server behind it */
  static async to(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(hostAndPort(url));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** New connections go to another server. */
  retarget(url: string): void {
    this.target = hostAndPort(url);
  }

  /** Breaks every connection; with `refuse`, also those to come until `restore`. */
  cut({ refuse = false } = {}): void {
    this.refusing = refuse;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  restore(): void {
    this.refusing = false;
  }

  /** What the server says from now on comes so much later, in its order. */
  slow(delayMs: number): void {
    this.delayMs = delayMs;
  }

  async close(): Promise<void> {
    this.cut({ refuse: true });
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    if (this.refusing) {
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
    client.pipe(upstream);
    this.passLate(upstream, client);
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

function hostAndPort(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
