import { askHttp } from '../../local/fleet-runner/node-http';
import { FrontPort } from '../../local/fleet-runner/front-port';
import { systemClock } from '../../local/fleet-runner/system-clock';
import { NodeHosts, type NodeHost, type NodeHostsOptions } from '../helpers/node-hosts';
import { TcpProxy } from '../helpers/tcp-proxy';

/**
 * By the model three who all send and receive take 3.4 Mbit/s, and of seven of whom four send 13.6: the crowd's largest room
 * has to span two nodes, and with one of four nodes away the others still have room for everybody, also for a while twice.
 */
const ENVIRONMENT = {
  FLEET_CAPACITY_EGRESS_BPS: '12000000',
  FLEET_EXPECTED_PEERS: '2',
  // Everybody speaks, and is counted.
  FLEET_HEARD_SPEAKERS: '0',
};

/** Four nodes on hosts of their own, Redis, and a load balancer before them whose connections can be cut. */
export class ChaosFleet {
  /** Node ids of processes that ended without being killed. */
  readonly crashed: string[] = [];
  readonly #killed = new Set<NodeHost>();
  #closing: Promise<void> | undefined;

  private constructor(
    readonly hosts: NodeHosts,
    private readonly front: FrontPort,
    private readonly clients: TcpProxy,
  ) {}

  static async start(
    nodes: number,
    { env = {}, roundTripMs }: Pick<NodeHostsOptions, 'env' | 'roundTripMs'> = {},
  ): Promise<ChaosFleet> {
    const hosts = await NodeHosts.start({ count: nodes, env: { ...ENVIRONMENT, ...env }, roundTripMs });
    const front = new FrontPort({
      port: 0,
      clock: systemClock,
      probe: async (address, timeoutMs) =>
        (await askHttp({ ...address, path: '/readyz', timeoutMs })).status === 200,
      startCommand: () => 'npm run chaos',
    });
    await front.listen();
    const fleet = new ChaosFleet(hosts, front, await TcpProxy.to(`http://127.0.0.1:${front.port}`));
    for (const host of hosts.hosts) fleet.#watch(host);
    return fleet;
  }

  /** Where clients connect. */
  get url(): string {
    return `http://127.0.0.1:${this.clients.port}`;
  }

  /** Breaks the connections of all clients. */
  cutClients(): void {
    this.clients.cut();
  }

  /** SIGKILL to a node, and its workers with it. */
  async kill(host: NodeHost): Promise<void> {
    this.#killed.add(host);
    this.front.targets.remove(host.nodeId);
    await this.hosts.kill(host);
  }

  async restart(host: NodeHost): Promise<void> {
    this.#watch(await this.hosts.restart(host));
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.clients.close();
      await this.front.close();
      for (const host of this.hosts.hosts) this.#killed.add(host);
      await this.hosts.close();
    })();
    return this.#closing;
  }

  #watch(host: NodeHost): void {
    const { nodeId, process, place } = host;
    const { child, ready } = process;
    this.front.targets.set(nodeId, { host: place.address, port: ready.httpPort });
    child.once('exit', () => {
      if (!this.#killed.has(host)) this.crashed.push(nodeId);
    });
  }
}
