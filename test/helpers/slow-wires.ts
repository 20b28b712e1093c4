import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { TcpProxy } from './tcp-proxy';

export interface Wired {
  /** The host's own. */
  address: string;
  /** Under which the other hosts reach it, by its wire. */
  wireAddress: string;
  linkPort: number;
  /** Of pipes; no two hosts share one. */
  pipePorts: { min: number; max: number };
}

/**
 * Long wires between the nodes of a test, in user space, for where the kernel delays no packets: links and pipes of a
 * node are reached under an address of its wire, and what they carry comes later. Clients go straight.
 */
export class SlowWires {
  /** By port, which tells the host. */
  readonly #sockets = new Map<number, Socket>();
  readonly #links: TcpProxy[] = [];

  /** @param oneWayMs half of the round trip between two nodes */
  constructor(private readonly oneWayMs: number) {}

  /** Gives the address of its link port. */
  async add(host: Wired): Promise<string> {
    for (let port = host.pipePorts.min; port <= host.pipePorts.max; port += 1) {
      const socket = createSocket('udp4');
      this.#sockets.set(port, socket);
      socket.bind(port, host.wireAddress);
      await once(socket, 'listening');
      socket.on('message', (packet, from) => this.#pass(packet, from.port, { port, address: host.address }));
    }
    const link = await TcpProxy.to(`tcp://${host.address}:${host.linkPort}`, host.wireAddress);
    // A proxy is slow in one direction: the whole round trip, then.
    link.slow(2 * this.oneWayMs);
    this.#links.push(link);
    return link.address;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    await Promise.all(this.#links.map((link) => link.close()));
  }

  /** It must seem to come from where the sender can be reached. */
  #pass(packet: Buffer, fromPort: number, to: { port: number; address: string }): void {
    setTimeout(() => {
      this.#sockets.get(fromPort)?.send(packet, to.port, to.address);
    }, this.oneWayMs);
  }
}
