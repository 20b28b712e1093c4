import type { HostNetwork } from './host-network';
import { LoopbackNetwork } from './loopback-network';
import { NamespaceNetwork } from './namespace-network';

/**
 * Namespaces where these are allowed, else addresses of the loopback; the log says which. `TEST_HOSTS=loopback` tries it
 * without namespaces where there are some.
 */
export async function openHostNetwork(): Promise<HostNetwork> {
  const network = await open();
  console.info(`the hosts of this test are ${network.kind}`);
  return network;
}

async function open(): Promise<HostNetwork> {
  if (process.env.TEST_HOSTS === 'loopback') return new LoopbackNetwork();
  try {
    return await NamespaceNetwork.open();
  } catch (error) {
    console.info(`no network namespaces here: ${String(error)}`);
    return new LoopbackNetwork();
  }
}
