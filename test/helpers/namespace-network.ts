import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import type { HostNetwork, HostPlace } from './host-network';

/**
 * 198.18.0.0/15 is for tests of networks (RFC 2544), so that no network that this machine is on uses it. Each run takes
 * 256 of its addresses.
 */
const SUBNETS = 512;
const PROOF_TIMEOUT_MS = 10_000;
/** A host's interface to the network, in its namespace. */
const HOST_INTERFACE = 'eth0';

/** The switch's port to a router, and the last byte of the router's address. */
const ROUTER_PORT = 'router';
const ROUTER_NUMBER = 200;

/** Where a network is joined to a router. */
interface RouterEnd {
  namespace: string;
  interfaceName: string;
}

interface LinkShown {
  ifname?: string;
  group?: string;
}

/**
 * Hosts as network namespaces, each joined by a veth pair to a bridge, which is in a namespace of its own, so that no
 * firewall of this machine looks at what they say to each other. This process is joined to the bridge, too. A cut is the
 * bridge's end of a host's pair set down.
 *
 * The interface in this process's namespace is named after the subnet, so that one run gets it, and has the process's id
 * as its group, so that a later run sees whether it was left behind.
 */
export class NamespaceNetwork implements HostNetwork {
  readonly kind = 'network namespaces';
  readonly address: string;
  private readonly hosts: HostPlace[] = [];
  private readonly removeAtExit = (): void => {
    for (const name of namespacesOf(this.subnet)) runSync('netns', 'del', name);
  };
  private addresses = 0;
  /** Where hosts send what isn't on the network. */
  private gateway: string;
  private isClosed = false;

  private constructor(private readonly subnet: number) {
    this.address = addressOf(subnet, 1);
    // A browser here also tries addresses of the machine's other interfaces, and has to be answered there: what can't be sent
    // takes what waits behind it along, for whomever that is (libuv 1.44 in a worker).
    this.gateway = this.address;
    process.once('exit', this.removeAtExit);
  }

  /** @throws Error where namespaces are not allowed, or a firewall is between this process and them */
  static async open(): Promise<NamespaceNetwork> {
    await removeLeftBehind();
    const network = new NamespaceNetwork(await takeSubnet());
    try {
      await network.build();
      await network.prove();
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  async addHost(): Promise<HostPlace> {
    const { subnet, hosts } = this;
    const number = hosts.length + 2;
    const name = hostName(subnet, number);
    const host = { address: addressOf(subnet, number), launcher: ['ip', 'netns', 'exec', name] };
    hosts.push(host);
    await ip('netns', 'add', name);
    const port = portName(number);
    const ends = ['name', port, 'type', 'veth', 'peer', 'name', HOST_INTERFACE, 'netns', name];
    await ip('-n', switchName(subnet), 'link', 'add', ...ends);
    await ip('-n', switchName(subnet), 'link', 'set', port, 'master', 'bridge', 'up');
    await ip('-n', name, 'addr', 'add', `${host.address}/24`, 'dev', HOST_INTERFACE);
    await ip('-n', name, 'link', 'set', HOST_INTERFACE, 'up');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    await this.setRoute(number);
    return host;
  }

  /** Its hosts reach what isn't on it through the router at that end. */
  async route(end: RouterEnd): Promise<void> {
    const port = [
      'name',
      ROUTER_PORT,
      'type',
      'veth',
      'peer',
      'name',
      end.interfaceName,
      'netns',
      end.namespace,
    ];
    await ip('-n', switchName(this.subnet), 'link', 'add', ...port);
    await ip('-n', switchName(this.subnet), 'link', 'set', ROUTER_PORT, 'master', 'bridge', 'up');
    this.gateway = addressOf(this.subnet, ROUTER_NUMBER);
    await ip('-n', end.namespace, 'addr', 'add', `${this.gateway}/24`, 'dev', end.interfaceName);
    await ip('-n', end.namespace, 'link', 'set', end.interfaceName, 'up');
    for (const index of this.hosts.keys()) await this.setRoute(index + 2);
  }

  /** The name of a namespace that goes with this network. */
  namespaceFor(purpose: string): string {
    return `fleettest${this.subnet}-${purpose}`;
  }

  async addAddress(): Promise<string> {
    this.addresses += 1;
    const address = addressOf(this.subnet, 255 - this.addresses);
    await ip('addr', 'add', `${address}/24`, 'dev', uplinkName(this.subnet));
    return address;
  }

  cut(host: HostPlace): Promise<void> {
    return this.setPort(host, 'down');
  }

  heal(host: HostPlace): Promise<void> {
    return this.setPort(host, 'up');
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    process.removeListener('exit', this.removeAtExit);
    for (const name of namespacesOf(this.subnet)) await ip('netns', 'del', name);
    // It goes with the namespace of its other end, but a moment later, and not where that one was never made.
    await ip('link', 'del', uplinkName(this.subnet)).catch(() => undefined);
  }

  private async build(): Promise<void> {
    const { subnet } = this;
    const inner = switchName(subnet);
    await ip('netns', 'add', inner);
    await ip('link', 'set', innerUplinkName(subnet), 'netns', inner);
    await ip('-n', inner, 'link', 'add', 'name', 'bridge', 'type', 'bridge');
    await ip('-n', inner, 'link', 'set', innerUplinkName(subnet), 'master', 'bridge', 'up');
    await ip('-n', inner, 'link', 'set', 'bridge', 'up');
    await ip('addr', 'add', `${this.address}/24`, 'dev', uplinkName(subnet));
    await ip('link', 'set', uplinkName(subnet), 'up');
  }

  /** A host that nothing runs on reaches this process. */
  private async prove(): Promise<void> {
    const server = createServer((socket) => socket.end());
    server.listen(0, this.address);
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const dial = `require('net').connect(${port}, '${this.address}').on('connect', () => process.exit(0))`;
      const { launcher } = await this.addHost();
      await promisify(execFile)('ip', [...launcher.slice(1), process.execPath, '-e', dial], {
        timeout: PROOF_TIMEOUT_MS,
      });
    } finally {
      server.close();
    }
  }

  private async setRoute(number: number): Promise<void> {
    await ip('-n', hostName(this.subnet, number), 'route', 'replace', 'default', 'via', this.gateway);
  }

  private async setPort(host: HostPlace, state: 'up' | 'down'): Promise<void> {
    const port = portName(this.hosts.indexOf(host) + 2);
    await ip('-n', switchName(this.subnet), 'link', 'set', port, state);
  }
}

const uplinkName = (subnet: number): string => `fleettest${subnet}`;
const innerUplinkName = (subnet: number): string => `fleetinner${subnet}`;
const switchName = (subnet: number): string => `fleettest${subnet}-switch`;
const hostName = (subnet: number, number: number): string => `fleettest${subnet}-host${number}`;
const portName = (number: number): string => `port${number}`;
const addressOf = (subnet: number, number: number): string =>
  `198.${18 + Math.floor(subnet / 256)}.${subnet % 256}.${number}`;

/** The interface's name is what two runs can't both have. Its subnet. */
async function takeSubnet(): Promise<number> {
  const first = process.pid % SUBNETS;
  for (let step = 0; step < SUBNETS; step += 1) {
    const subnet = (first + step) % SUBNETS;
    const taken = ['name', uplinkName(subnet), 'group', String(process.pid), 'type', 'veth'];
    try {
      await ip('link', 'add', ...taken, 'peer', 'name', innerUplinkName(subnet));
      return subnet;
    } catch (error) {
      if (!/File exists/.test(String(error))) throw error;
    }
  }
  throw new Error('all subnets of tests are in use');
}

/** Removes networks whose process is gone: it was killed. */
async function removeLeftBehind(): Promise<void> {
  const links = JSON.parse(await ip('-j', 'link', 'show', 'type', 'veth')) as LinkShown[];
  for (const { ifname = '', group } of links) {
    const subnet = /^fleettest(\d+)$/.exec(ifname)?.[1];
    if (subnet === undefined || isAlive(Number(group))) continue;
    for (const name of namespacesOf(Number(subnet))) {
      // Whatever runs in there was started by a run of ours.
      for (const pid of (await ip('netns', 'pids', name)).split('\n')) if (pid) kill(Number(pid));
      await ip('netns', 'del', name).catch(() => undefined);
    }
    await ip('link', 'del', ifname).catch(() => undefined);
  }
}

/** Hosts first: with the switch goes the interface by which what is left behind is recognised. */
function namespacesOf(subnet: number): string[] {
  const names = runSync('netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(`fleettest${subnet}-`));
  return names.sort();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export async function ip(...args: string[]): Promise<string> {
  return (await promisify(execFile)('ip', args)).stdout;
}

/** Where nothing can be awaited. */
function runSync(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
