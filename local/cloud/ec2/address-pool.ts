import { createServer } from 'node:net';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { freePort } from '../../fleet-runner/free-port';

/** The ports of one instance's node. */
export interface InstancePorts {
  http: number;
  link: number;
  /** The first worker's, UDP and TCP; the others follow it. */
  mediaBase: number;
}

/** Where one instance lives on this machine. */
export interface InstanceAddress {
  /** Loopback. */
  host: string;
  ports: InstancePorts;
}

export interface AddressPoolOptions {
  /** What the template gives every instance; kept wherever an instance has an address of its own. */
  ports: InstancePorts;
  workers: number;
  random: () => number;
}

/** Tries until a free range of media ports is found. */
const MAX_TRIES = 50;
/** Below the pipes' range and what systems give out by themselves. */
const OTHER_MEDIA_PORTS = { min: 11_000, max: 19_000 };

/**
 * Gives each instance an address of its own out of 127.0.0.0/8, with the template's own ports. Where the system has only
 * 127.0.0.1 (macOS), instances share it, with ports of their own.
 */
export class AddressPool {
  private readonly taken = new Set<string>();
  /** Of this run, so that several runs on one machine rarely meet. */
  private readonly network: string;
  private ownAddresses: boolean | undefined;

  constructor(private readonly options: AddressPoolOptions) {
    const byte = (min: number, max: number): number => min + Math.floor(options.random() * (max - min + 1));
    this.network = `127.${byte(1, 254)}.${byte(0, 255)}`;
  }

  async take(): Promise<InstanceAddress> {
    this.ownAddresses ??= await canListen(`${this.network}.1`, 0);
    const host = this.ownAddresses ? this.reserve() : '127.0.0.1';
    const { http, link } = this.options.ports;
    // Taken where the address is shared, or somebody listens on all addresses.
    return {
      host,
      ports: {
        http: (await canListen(host, http)) ? http : await freePort(host),
        link: (await canListen(host, link)) ? link : await freePort(host),
        mediaBase: await this.mediaBase(host),
      },
    };
  }

  give(address: InstanceAddress): void {
    this.taken.delete(address.host);
  }

  /** Before anything is awaited: launches go side by side. */
  private reserve(): string {
    for (let last = 1; last <= 254; last += 1) {
      const host = `${this.network}.${last}`;
      if (this.taken.has(host)) continue;
      this.taken.add(host);
      return host;
    }
    throw new Error(`no address is left in ${this.network}.0/24`);
  }

  private async mediaBase(host: string): Promise<number> {
    const { workers, random, ports } = this.options;
    const { min, max } = OTHER_MEDIA_PORTS;
    let base = ports.mediaBase;
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const range = Array.from({ length: workers }, (_, index) => base + index);
      const free = await Promise.all(
        range.map(async (port) => (await canListen(host, port)) && (await canBindUdp(host, port))),
      );
      if (free.every(Boolean)) return base;
      base = min + Math.floor(random() * (max - min - workers));
    }
    throw new Error(`no free media ports on ${host}`);
  }
}

async function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen({ host, port, exclusive: true });
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function canBindUdp(host: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address: host, port });
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
