import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { TcpProxy } from './tcp-proxy';
import { Way, type WayOptions } from './way';

/** Of each node, none of which has the ports of another: a packet's port tells whose it is. */
const FIRST_PIPE_PORT = 21_000;
const PIPE_PORTS = 100;

export interface Wired {
  /** The host's own. */
  address: string;
  /** Under which the other hosts reach it, by its wire. */
  wireAddress: string;
  /** Of its links with them. */
  tcpPort: number;
}

/** How the other hosts reach one. */
export interface WireEnd {
  /** Address and port of its links. */
  tcpAddress: string;
  /** What its node has to know of its pipes. */
  env: Record<string, string>;
}

/**
 * Long wires between the nodes of a test: links and pipes of a node are reached under an address of its wire, and what
 * they carry comes later; of pipes also not all, or in another order. Clients go straight.
 */
export class Wires extends Way {
  /** By port, which tells the host. */
  readonly #sockets = new Map<number, Socket>();
  readonly #links: TcpProxy[] = [];
  #hosts = 0;
  readonly #delayMs: number;

  constructor(options: WayOptions & { delayMs: number }) {
    super(options);
    this.#delayMs = options.delayMs;
  }

  async add(host: Wired): Promise<WireEnd> {
    const min = FIRST_PIPE_PORT + this.#hosts * PIPE_PORTS;
    const max = min + PIPE_PORTS - 1;
    this.#hosts += 1;
    for (let port = min; port <= max; port += 1) {
      const socket = createSocket('udp4');
      this.#sockets.set(port, socket);
      socket.bind(port, host.wireAddress);
      await once(socket, 'listening');
      socket.on('message', (packet, from) => this.#pass(packet, from.port, { port, address: host.address }));
    }
    const link = await TcpProxy.to(`tcp://${host.address}:${host.tcpPort}`, host.wireAddress);
    // A proxy is slow in one direction: the whole round trip, then.
    link.slow(2 * this.#delayMs);
    this.#links.push(link);
    const env = { FLEET_PIPE_PORT_MIN: String(min), FLEET_PIPE_PORT_MAX: String(max) };
    return { tcpAddress: link.address, env };
  }

  override async close(): Promise<void> {
    await super.close();
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    await Promise.all(this.#links.map((link) => link.close()));
  }

  /** It must seem to come from where the sender can be reached. */
  #pass(packet: Buffer, fromPort: number, to: { port: number; address: string }): void {
    this.carry(() => this.#sockets.get(fromPort)?.send(packet, to.port, to.address));
  }
}
