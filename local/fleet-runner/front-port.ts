import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrontConnection } from './front-connection';
import { GatewayTargets, type GatewayTargetsOptions } from './gateway-targets';
import { RunnerError } from '../runner-error';
import { systemErrorCode } from './system-error';

export interface FrontPortOptions extends GatewayTargetsOptions {
  /** 0 takes a free one. */
  port: number;
  /** The command that tries again with another port, for the message of a port that can't be had. */
  startCommand: (port: number) => string;
  /** How long one gateway may take to accept, milliseconds. @default 2000 */
  connectTimeoutMs?: number;
}

/** The addresses that `localhost` may stand for. A machine without IPv6 has only the first. */
const LOOPBACK_ADDRESSES = ['127.0.0.1', '::1'] as const;
/** With port 0 the IPv4 address chooses the port, and something else may hold the same port on IPv6. */
const MAX_PORT_CHOICES = 10;
/** How far from a busy port a free one is looked for. */
const PORTS_TO_TRY = 100;
/** What `fleet up` takes by itself. */
const UNRESERVED_PORT = 3_000;

/**
 * The fleet's one address on this machine, in the place of the region's NLB: connections are spread over the gateways
 * blindly, a gateway whose readiness fails gets no new ones and keeps those that it has, and bytes pass unread.
 *
 * One difference: an NLB spreads by a hash of addresses and ports. Here connections that ask for a WebSocket take turns
 * of their own, so that two people's signalling really goes through two gateways, however many connections their
 * browsers opened for the page.
 */
export class FrontPort {
  readonly targets: GatewayTargets;
  private readonly servers: Server[] = [];
  private readonly connections = new Set<FrontConnection>();
  private closing: Promise<void> | undefined;
  private chosenPort: number | undefined;

  constructor(private readonly options: FrontPortOptions) {
    this.targets = new GatewayTargets(options);
  }

  /** The port in use, once {@link listen} is done. */
  get port(): number {
    return this.chosenPort ?? this.options.port;
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** Takes the port. @throws RunnerError when it is in use or forbidden */
  async listen(): Promise<void> {
    for (let choice = 1; ; choice += 1) {
      try {
        return await this.listenOnAllAddresses();
      } catch (error) {
        await this.closeServers();
        if (this.options.port !== 0 || choice >= MAX_PORT_CHOICES) throw await this.portError(error);
      }
    }
  }

  /** Cuts every connection and gives the port back. Idempotent. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      this.targets.close();
      const closed = this.closeServers();
      for (const connection of this.connections) connection.close();
      await closed;
    })();
    return this.closing;
  }

  private async listenOnAllAddresses(): Promise<void> {
    let port = this.options.port;
    for (const [index, host] of LOOPBACK_ADDRESSES.entries()) {
      // Half-open sockets: a client that has sent all may still be waiting for its answer.
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
      try {
        await listenOn(server, host, port);
      } catch (error) {
        if (index > 0 && isMissingAddress(error)) continue;
        throw error;
      }
      this.servers.push(server);
      port = (server.address() as AddressInfo).port;
    }
    this.chosenPort = port;
  }

  private accept(client: Socket): void {
    const connection = new FrontConnection({
      client,
      targets: this.targets,
      clock: this.options.clock,
      connectTimeoutMs: this.options.connectTimeoutMs ?? 2_000,
      onClosed: () => this.connections.delete(connection),
    });
    this.connections.add(connection);
    connection.start();
  }

  private async portError(cause: unknown): Promise<RunnerError> {
    const { port, startCommand } = this.options;
    switch (systemErrorCode(cause)) {
      case 'EADDRINUSE':
        return new RunnerError(`port ${port} is in use: ${startCommand(await freePortAfter(port))}`, {
          cause,
        });
      case 'EACCES':
        return new RunnerError(
          `port ${port} is reserved for the system: ${startCommand(await freePortAfter(UNRESERVED_PORT - 1))}`,
          { cause },
        );
      default:
        return new RunnerError(`can not listen on port ${port}: ${String(cause)}`, { cause });
    }
  }

  private async closeServers(): Promise<void> {
    const servers = this.servers.splice(0);
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isMissingAddress(error: unknown): boolean {
  return ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(systemErrorCode(error) ?? '');
}

/** A port near this one that can be had now; 0, any, when there is none. */
async function freePortAfter(port: number): Promise<number> {
  for (let next = port + 1; next <= Math.min(port + PORTS_TO_TRY, 65_535); next += 1) {
    if (await canListen(next)) return next;
  }
  return 0;
}

async function canListen(port: number): Promise<boolean> {
  for (const [index, host] of LOOPBACK_ADDRESSES.entries()) {
    const server = createServer();
    try {
      await listenOn(server, host, port);
    } catch (error) {
      if (index > 0 && isMissingAddress(error)) continue;
      return false;
    }
    await new Promise((resolve) => server.close(resolve));
  }
  return true;
}
