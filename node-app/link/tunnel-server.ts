import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { PlacementPort } from '../../core/placement/placement-port';
import type { LinkHub } from './link-hub';
import { parseLinkAddress } from './link-address';

/** Tunnels that one node takes at a time: each node of the other regions has one per node that it shares a room with. */
const MAX_TUNNELS = 2_000;
/** To the node of this region that a tunnel is for, milliseconds. */
const CONNECT_TIMEOUT_MS = 2_000;
/** A link says something every second. A tunnel that is silent for longer has none any more, milliseconds. */
const IDLE_TIMEOUT_MS = 10_000;
/** Addresses that are kept for the time in which placement doesn't answer. */
const MAX_ADDRESSES = 1_000;

export interface TunnelServerOptions {
  nodeId: string;
  hub: Pick<LinkHub, 'take'>;
  placement: Pick<PlacementPort, 'findNode'>;
  clock: Clock;
}

/** The way from here to the node that a tunnel is for. */
export interface TunnelEnd {
  join(tunnel: Duplex): void;
  /** The other end is gone, whether it was joined or not. Idempotent. */
  giveUp(): void;
}

/**
 * What other regions' nodes reach through this region's endpoint: the link listener of any node here. Only bytes are
 * passed on; who may link is settled between the two nodes.
 */
export class TunnelServer {
  readonly #options: TunnelServerOptions;
  readonly #tunnels = new Set<Duplex>();
  readonly #addresses = new Map<string, string>();
  /** Being set up. */
  #pending = 0;

  constructor(options: TunnelServerOptions) {
    this.#options = options;
  }

  /** Tunnels that are open. */
  get size(): number {
    return this.#tunnels.size;
  }

  /**
   * The way to a node of this region.
   * @throws FleetError FLEET_ERR_RATE_LIMITED, FLEET_ERR_NOT_FOUND, FLEET_ERR_NODE_UNREACHABLE,
   *   FLEET_ERR_PLACEMENT_UNAVAILABLE
   */
  async reach(nodeId: string): Promise<TunnelEnd> {
    const { hub } = this.#options;
    if (this.#tunnels.size + this.#pending >= MAX_TUNNELS) {
      throw new FleetError('FLEET_ERR_RATE_LIMITED', { message: 'too many tunnels on this node' });
    }
    if (nodeId === this.#options.nodeId) {
      return {
        join: (tunnel) => {
          this.#watch(tunnel);
          hub.take(tunnel);
        },
        giveUp: () => undefined,
      };
    }
    this.#pending += 1;
    try {
      const socket = await this.#connect(nodeId, await this.#addressOf(nodeId));
      return {
        join: (tunnel) => {
          this.#watch(tunnel);
          joinStreams(tunnel, socket);
        },
        giveUp: () => void socket.destroy(),
      };
    } finally {
      this.#pending -= 1;
    }
  }

  /** Ends every tunnel. */
  close(): void {
    for (const tunnel of this.#tunnels) tunnel.destroy();
  }

  #watch(tunnel: Duplex): void {
    const { clock } = this.#options;
    let heardMs = clock.monotonicMs();
    const timer = clock.setRepeating(IDLE_TIMEOUT_MS / 4, () => {
      if (clock.monotonicMs() - heardMs > IDLE_TIMEOUT_MS) tunnel.destroy();
    });
    this.#tunnels.add(tunnel);
    tunnel.on('data', () => {
      heardMs = clock.monotonicMs();
    });
    tunnel.once('close', () => {
      timer.cancel();
      this.#tunnels.delete(tunnel);
    });
  }

  async #addressOf(nodeId: string): Promise<string> {
    try {
      const record = await this.#options.placement.findNode(nodeId);
      if (!record) throw new FleetError('FLEET_ERR_NOT_FOUND', { message: 'no such node in this region' });
      this.#remember(nodeId, record.linkAddress);
      return record.linkAddress;
    } catch (error) {
      const known = this.#addresses.get(nodeId);
      if (FleetError.from(error).code !== 'FLEET_ERR_PLACEMENT_UNAVAILABLE' || known === undefined)
        throw error;
      return known;
    }
  }

  #remember(nodeId: string, linkAddress: string): void {
    this.#addresses.delete(nodeId);
    this.#addresses.set(nodeId, linkAddress);
    const oldest = this.#addresses.keys().next().value;
    if (this.#addresses.size > MAX_ADDRESSES && oldest !== undefined) this.#addresses.delete(oldest);
  }

  #connect(nodeId: string, linkAddress: string): Promise<Socket> {
    const address = parseLinkAddress(linkAddress);
    if (address?.kind !== 'direct') throw unreachable(nodeId, 'its link address is not valid');
    const socket = connect({ host: address.host, port: address.port });
    socket.setNoDelay(true);
    const timer = this.#options.clock.setTimer(CONNECT_TIMEOUT_MS, () => socket.destroy());
    return new Promise<Socket>((resolve, reject) => {
      socket.once('connect', () => resolve(socket));
      socket.once('error', (error) => reject(unreachable(nodeId, error.message)));
      socket.once('close', () => reject(unreachable(nodeId, 'it does not answer')));
    }).finally(() => timer.cancel());
  }
}

/** Passes on what comes, in both directions; both end together. */
function joinStreams(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('error', () => from.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

function unreachable(nodeId: string, message: string): FleetError {
  return new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: `node ${nodeId}: ${message}` });
}
