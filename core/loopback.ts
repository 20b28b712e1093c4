const IPV4_LOOPBACK = /^127(\.\d{1,3}){3}$/;
const MAPPED = '::ffff:';

/** Of a socket: whether the other end is on this machine. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
  return plain === '::1' || IPV4_LOOPBACK.test(plain);
}

/**
 * The host and port of a Host header that names loopback, as a URL has them; undefined for every other. A page with a
 * name of its own that resolves to 127.0.0.1 (DNS rebinding) is told by it.
 */
export function loopbackHost(header: string | undefined): string | undefined {
  const url = header === undefined ? null : URL.parse(`http://${header}`);
  // `user@127.0.0.1`, a path or a query are no Host header.
  if (url === null || `http://${url.host}/` !== url.href) return undefined;
  const name = url.hostname;
  return name === 'localhost' || name === '[::1]' || isLoopbackAddress(name) ? url.host : undefined;
}
