/** Where a node's link listener is: within the region by TCP, in another region through its HTTPS endpoint. */
export type LinkAddress = { kind: 'direct'; host: string; port: number } | { kind: 'tunnel'; url: URL };

/** `10.0.1.7:4444`, `node.example:4444`, `[::1]:4444`, or `wss://REGION-HOST/links/REGION/NODE_ID`. */
export function parseLinkAddress(address: string): LinkAddress | undefined {
  if (/^wss?:\/\//.test(address)) {
    return URL.canParse(address) ? { kind: 'tunnel', url: new URL(address) } : undefined;
  }
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host && port > 0 && port <= 65_535 ? { kind: 'direct', host, port } : undefined;
}

/** Path of a region's tunnels; with a node id, of the one to that node. */
export function tunnelPath(region: string, nodeId?: string): string {
  const path = `/links/${encodeURIComponent(region)}`;
  return nodeId === undefined ? path : `${path}/${encodeURIComponent(nodeId)}`;
}

/** The address of a node in a region whose endpoint is `url` (http, https, ws or wss). */
export function tunnelAddress(url: string, region: string, nodeId: string): string {
  const address = new URL(tunnelPath(region, nodeId), url);
  address.protocol = /^(https|wss):$/.test(address.protocol) ? 'wss:' : 'ws:';
  return address.href;
}
