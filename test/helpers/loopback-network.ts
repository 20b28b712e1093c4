import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ProcessTree } from '../bench/process-tree';
import type { HostNetwork, HostPlace } from './host-network';

/**
 * Hosts as addresses of the loopback, for where namespaces are not allowed. A cut stops the host's process and its
 * workers, which to all others is the same: nobody answers, and nobody is told. Its own clock seems to leap meanwhile.
 */
export class LoopbackNetwork implements HostNetwork {
  readonly kind = 'loopback addresses';
  readonly address = '127.0.0.1';
  private static networks = 0;
  private readonly block = 77 + (LoopbackNetwork.networks++ % 100);
  private readonly subnet = process.pid % 250;
  private hosts = 0;
  private addresses = 0;

  async addHost(): Promise<HostPlace> {
    this.hosts += 1;
    // Only Linux has the whole of 127.0.0.0/8. Elsewhere ports tell them apart, which are free ones anyhow.
    const address =
      process.platform === 'linux' ? `127.${this.block}.${this.subnet}.${this.hosts + 1}` : '127.0.0.1';
    return { address, launcher: [] };
  }

  async addAddress(): Promise<string> {
    this.addresses += 1;
    return `127.${this.block}.${this.subnet}.${255 - this.addresses}`;
  }

  cut(_host: HostPlace, pid: number): Promise<void> {
    return signal(pid, 'SIGSTOP');
  }

  heal(_host: HostPlace, pid: number): Promise<void> {
    return signal(pid, 'SIGCONT');
  }

  async close(): Promise<void> {
    // Addresses of the loopback are always there.
  }
}

async function signal(pid: number, name: NodeJS.Signals): Promise<void> {
  for (const one of await treeOf(pid)) process.kill(one, name);
}

async function treeOf(pid: number): Promise<number[]> {
  if (process.platform === 'linux') return new ProcessTree(pid).pids();
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]);
  return [pid, ...stdout.split('\n').filter(Boolean).map(Number)];
}
