import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP hop that a test can cut or stall: what networks do to links. Reached under `address`. */
export class CuttableProxy {
  /** Where connections go; settable, because a proxy's port is often needed before its target's. */
  targetPort = 0;
  private readonly sockets = new Set<Socket>();
  private stalled = false;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<CuttableProxy> {
    const server = createServer();
    const proxy = new CuttableProxy(server);
    server.on('connection', (socket) => proxy.join(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Breaks every connection; new ones are let through. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
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

  async close(): Promise<void> {
    this.cut();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket): void {
    const far = connect(this.targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (chunk: Buffer) => to.write(chunk));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        this.sockets.delete(from);
      });
      if (this.stalled) from.pause();
    }
  }
}
