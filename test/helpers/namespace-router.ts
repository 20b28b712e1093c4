import { ip, type NamespaceNetwork } from './namespace-network';

/** Joins networks of namespaces, as the internet joins regions; a cut is its end of the way to a network set down. */
export class NamespaceRouter {
  private constructor(
    private readonly namespace: string,
    private readonly networks: readonly NamespaceNetwork[],
  ) {}

  /** @throws Error where this process may not let a namespace forward */
  static async join(networks: readonly NamespaceNetwork[]): Promise<NamespaceRouter> {
    const [first] = networks;
    if (first === undefined) throw new RangeError('nothing to join');
    // It goes when the first network is removed.
    const router = new NamespaceRouter(first.namespaceFor('router'), networks);
    await ip('netns', 'add', router.namespace);
    const forward = 'echo 1 > /proc/sys/net/ipv4/ip_forward';
    await ip('netns', 'exec', router.namespace, 'sh', '-c', forward);
    for (const [index, network] of networks.entries()) {
      await network.route({ namespace: router.namespace, interfaceName: interfaceOf(index) });
    }
    return router;
  }

  cut(network: NamespaceNetwork): Promise<void> {
    return this.set(network, 'down');
  }

  heal(network: NamespaceNetwork): Promise<void> {
    return this.set(network, 'up');
  }

  private async set(network: NamespaceNetwork, state: 'up' | 'down'): Promise<void> {
    await ip('-n', this.namespace, 'link', 'set', interfaceOf(this.networks.indexOf(network)), state);
  }
}

const interfaceOf = (index: number): string => `way${index}`;
