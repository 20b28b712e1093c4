import { createSocket, type Socket } from 'node:dgram';

export interface UdpLinkOptions {
  /** Share of the packets that are lost in each direction; decided by `random`. @default 0 */
  loss?: number;
  /** In one direction, milliseconds. @default 0 */
  delayMs?: number;
  /** Which packets are lost. @default a fixed sequence, so that runs are alike */
  random?: () => number;
}

export interface Address {
  ip: string;
  port: number;
}

/** A place on the link. Whoever sends to `address` reaches what was attached. */
export interface LinkPlace {
  address: Address;
  attached: Address;
  socket: Socket;
}

/**
 * A network between two UDP sockets, in user space: each side sees the other behind an address of the link, and packets
 * are delayed and lost on the way. Set `cut` to lose all.
 */
export class UdpLink {
  cut = false;
  /** Packets that were lost, and that passed. */
  readonly counts = { lost: 0, passed: 0 };
  private readonly sockets: Socket[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly options: UdpLinkOptions = {}) {}

  /** Gives a socket an address on the link. Nothing passes before it is joined with another. */
  async attach({ ip, port }: Address): Promise<LinkPlace> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    this.sockets.push(socket);
    return { address: { ip: '127.0.0.1', port: socket.address().port }, attached: { ip, port }, socket };
  }

  /** Joins two sockets, which know each other only by their addresses on the link. */
  join(a: LinkPlace, b: LinkPlace): void {
    // What is sent to where a can be found comes from b, and must seem to come from where b can be found.
    a.socket.on('message', (packet) => this.pass(packet, b.socket, a.attached));
    b.socket.on('message', (packet) => this.pass(packet, a.socket, b.attached));
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.all(
      this.sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
    );
  }

  private pass(packet: Buffer, from: Socket, to: Address): void {
    const { loss = 0, delayMs = 0, random = this.sequence } = this.options;
    if (this.cut || random() < loss) {
      this.counts.lost += 1;
      return;
    }
    this.counts.passed += 1;
    const send = () => from.send(packet, to.port, to.ip);
    if (delayMs === 0) {
      send();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      send();
    }, delayMs);
    this.timers.add(timer);
  }

  private state = 1;
  /** Park and Miller's generator. */
  private readonly sequence = (): number => {
    this.state = (this.state * 16_807) % 2_147_483_647;
    return this.state / 2_147_483_647;
  };
}
