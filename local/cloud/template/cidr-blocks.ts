import { isIPv4, isIPv6 } from 'node:net';

/**
 * `Fn::Cidr`: the first `count` blocks within a block, each with `hostBits` bits for its hosts.
 * @throws RangeError when they don't fit, or it is no block
 */
export function cidrBlocks(block: string, count: number, hostBits: number): string[] {
  const [address = '', prefixText = ''] = block.split('/');
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  const prefix = Number(prefixText);
  if (bits === 0 || !/^\d+$/.test(prefixText) || prefix > bits) throw new RangeError(`${block} is no block`);
  if (!Number.isInteger(hostBits) || hostBits < 1 || hostBits > bits - prefix) {
    throw new RangeError(`blocks of ${hostBits} bits don't fit into ${block}`);
  }
  // CloudFormation's limit.
  if (!Number.isInteger(count) || count < 1 || count > 256 || count > 2 ** (bits - prefix - hostBits)) {
    throw new RangeError(`${count} blocks of ${hostBits} bits don't fit into ${block}`);
  }
  const first = (toNumber(address, bits) >> BigInt(bits - prefix)) << BigInt(bits - prefix);
  return Array.from({ length: count }, (_, index) => {
    const start = first + (BigInt(index) << BigInt(hostBits));
    return `${bits === 32 ? toIPv4(start) : toIPv6(start)}/${bits - hostBits}`;
  });
}

function toNumber(address: string, bits: number): bigint {
  if (bits === 32) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function toIPv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

/** All groups, or all but the zeros at the end, as AWS writes its blocks. */
function toIPv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  );
  return groups.join(':').replace(/(:0){2,}$/, '::');
}
