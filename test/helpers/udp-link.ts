import { createSocket, type Socket } from 'node:dgram';
import { Way } from './way';

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

/** A way between two UDP sockets: each sees the other behind an address of the link. */
export class UdpLink extends Way {
  private readonly sockets: Socket[] = [];

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

  override async close(): Promise<void> {
    await super.close();
    await Promise.all(
      this.sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
    );
  }

  private pass(packet: Buffer, from: Socket, to: Address): void {
    this.carry(() => from.send(packet, to.port, to.ip));
  }
}
