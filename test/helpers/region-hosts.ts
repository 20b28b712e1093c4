import { randomBytes } from 'node:crypto';
import type { HostNetwork } from './host-network';
import { NamespaceNetwork } from './namespace-network';
import { NamespaceRouter } from './namespace-router';
import { NodeHosts } from './node-hosts';
import { openHostNetwork } from './open-host-network';
import type { Way, WayOptions } from './way';
import { Wires, type WireEnd } from './wires';

export interface RegionHostsOptions {
  /** Further variables of all nodes. */
  env?: Record<string, string>;
  /** What is between two regions. @default nothing but a router */
  way?: WayOptions & { delayMs: number };
}

/** Each has an address of its own, so that all may have the same. */
const HTTP_PORT = 8_080;

/**
 * Regions as networks of their own, each with a host, a node on it and a Redis. Between the regions is a router; a client
 * here is as near to each region as if it were in it. Where there are no namespaces, all is on the loopback.
 */
export class RegionHosts {
  readonly #networks = new Map<string, HostNetwork>();
  readonly #hosts = new Map<string, NodeHosts>();
  #router: NamespaceRouter | undefined;
  #wires: Wires | undefined;

  private constructor() {}

  static async start(names: readonly string[], options: RegionHostsOptions = {}): Promise<RegionHosts> {
    const regions = new RegionHosts();
    try {
      await regions.#start(names, options);
      return regions;
    } catch (error) {
      await regions.close();
      throw error;
    }
  }

  async #start(names: readonly string[], { env = {}, way }: RegionHostsOptions): Promise<void> {
    const secret = randomBytes(32).toString('hex');
    if (way) this.#wires = new Wires(way);
    for (const name of names) this.#networks.set(name, await openHostNetwork());
    const networks = Array.from(this.#networks.values());
    const routed = networks.filter((network) => network instanceof NamespaceNetwork);
    if (routed.length === networks.length) this.#router = await NamespaceRouter.join(routed);
    const places = await Promise.all(networks.map((network) => network.addHost()));
    const ends = await Promise.all(
      names.map((name, index) => this.#end(this.#network(name), places[index]?.address ?? '')),
    );
    const urls = names.map((name, index) => [name, `http://${ends[index]?.tcpAddress}`]);
    for (const [index, name] of names.entries()) {
      const hosts = await NodeHosts.start({
        count: 1,
        network: this.#network(name),
        places: places.slice(index, index + 1),
        nodeIdPrefix: `${name}-`,
        env: {
          FLEET_HTTP_PORT: String(HTTP_PORT),
          FLEET_REGION: name,
          FLEET_REGION_URLS: JSON.stringify(Object.fromEntries(urls)),
          FLEET_LINK_SECRETS: secret,
          ...ends[index]?.env,
          ...env,
        },
      });
      this.#hosts.set(name, hosts);
    }
  }

  /** Where the other regions reach one, and what its node has to know of that. */
  async #end(network: HostNetwork, address: string): Promise<WireEnd> {
    if (!this.#wires) return { tcpAddress: `${address}:${HTTP_PORT}`, env: {} };
    const wireAddress = await network.addAddress();
    const { tcpAddress, env } = await this.#wires.add({ address, wireAddress, tcpPort: HTTP_PORT });
    return { tcpAddress, env: { ...env, FLEET_MEDIA_ANNOUNCED_ADDRESS: wireAddress } };
  }

  /** What became of the packets of pipes between regions, where there is a way. */
  get counts(): Way['counts'] {
    if (!this.#wires) throw new Error('nothing is counted without a way');
    return this.#wires.counts;
  }

  hosts(region: string): NodeHosts {
    const hosts = this.#hosts.get(region);
    if (!hosts) throw new RangeError(`no region ${region}`);
    return hosts;
  }

  /** Nothing passes between this region and the others, and nobody is told. On the loopback its node stands still. */
  async cut(region: string): Promise<void> {
    const network = this.#network(region);
    if (this.#router && network instanceof NamespaceNetwork) await this.#router.cut(network);
    else await this.hosts(region).cut(this.hosts(region).host(0));
  }

  async heal(region: string): Promise<void> {
    const network = this.#network(region);
    if (this.#router && network instanceof NamespaceNetwork) await this.#router.heal(network);
    else await this.hosts(region).heal(this.hosts(region).host(0));
  }

  /** Whether those in a region that is cut off still reach each other. */
  get goOnInside(): boolean {
    return this.#router !== undefined;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#hosts.values(), (hosts) => hosts.close()));
    await this.#wires?.close();
    await Promise.all(Array.from(this.#networks.values(), (network) => network.close()));
  }

  #network(region: string): HostNetwork {
    const network = this.#networks.get(region);
    if (!network) throw new RangeError(`no region ${region}`);
    return network;
  }
}
