import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { Clock } from '../../core/clock';
import { FleetError } from '../../core/errors';
import type { InstanceAddresses } from './instance-metadata';

export interface AnnouncedAddressCheckOptions {
  /** What clients are told. */
  announcedAddress: string;
  /** Address and port that the first media worker is going to bind. */
  listenIp: string;
  port: number;
  /** What the instance metadata says. */
  addresses: InstanceAddresses;
  clock: Clock;
  /** Datagrams sent before it is given up. @default 5 */
  attempts?: number;
  /** Between two datagrams, milliseconds. @default 300 */
  intervalMs?: number;
}

/** `echo`: a datagram to the announced address came in on the media port. `metadata`: the instance says it is its own. */
export type AnnouncedAddressProof = 'echo' | 'metadata';

/**
 * Proves, before the node takes calls, that the address it announces leads to its own media port: with a wrong one
 * every call connects its signalling and then has no media (livekit#4095).
 *
 * First by doing it: while the workers don't hold the port yet, a datagram is sent to announced address and port, and
 * has to arrive on it. On EC2 that goes out to the internet gateway and back, through the security group. Where the
 * network does not turn packets round (hairpin), nothing comes; then the address has to be one that the instance
 * metadata names as the instance's own. Neither: it is not ours, and the node does not start.
 *
 * @throws FleetError FLEET_ERR_CONFIG
 */
export async function checkAnnouncedAddress(
  options: AnnouncedAddressCheckOptions,
): Promise<AnnouncedAddressProof> {
  const { announcedAddress, addresses } = options;
  const ip = await resolveAddress(announcedAddress);
  if (await echoes(options, ip)) return 'echo';
  const own = [addresses.publicIpv4, ...addresses.ipv6].filter((address) => address !== undefined);
  if (own.some((address) => sameAddress(address, ip))) return 'metadata';
  const shown = ip === announcedAddress ? ip : `${announcedAddress} (${ip})`;
  throw new FleetError('FLEET_ERR_CONFIG', {
    message:
      `FLEET_MEDIA_ANNOUNCED_ADDRESS ${shown} does not lead to this node: no datagram to it arrived on UDP port ` +
      `${options.port}, and the instance's own public addresses are ${own.join(', ') || 'none'}`,
  });
}

async function resolveAddress(announced: string): Promise<string> {
  if (isIP(announced) !== 0) return announced;
  try {
    return (await lookup(announced)).address;
  } catch (cause) {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: `FLEET_MEDIA_ANNOUNCED_ADDRESS ${announced} can not be resolved`,
      cause,
    });
  }
}

async function echoes(options: AnnouncedAddressCheckOptions, ip: string): Promise<boolean> {
  const { listenIp, port, clock, attempts = 5, intervalMs = 300 } = options;
  const receiver = createSocket({ type: isIP(listenIp) === 6 ? 'udp6' : 'udp4' });
  const sender = createSocket({ type: isIP(ip) === 6 ? 'udp6' : 'udp4' });
  // Unreachable networks answer by errors: as good as no answer.
  sender.on('error', () => undefined);
  try {
    const boundPort = await bind(receiver, listenIp, port);
    const nonce = randomBytes(16);
    const arrived = new Promise<true>((resolve) => {
      receiver.on('message', (message) => {
        if (message.equals(nonce)) resolve(true);
      });
    });
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      sender.send(nonce, boundPort, ip, () => undefined);
      let timer;
      const pause = new Promise<false>((resolve) => {
        timer = clock.setTimer(intervalMs, () => resolve(false));
      });
      const isHere = await Promise.race([arrived, pause]);
      (timer as { cancel(): void } | undefined)?.cancel();
      if (isHere) return true;
    }
    return false;
  } finally {
    receiver.close();
    sender.close();
  }
}

async function bind(socket: Socket, address: string, port: number): Promise<number> {
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port });
    await listening;
    return socket.address().port;
  } catch (cause) {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: `UDP port ${port} of ${address} can not be bound: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
}

/** IPv6 addresses have several spellings. */
function sameAddress(left: string, right: string): boolean {
  if (isIP(left) !== 6 || isIP(right) !== 6) return left === right;
  return new URL(`http://[${left}]`).hostname === new URL(`http://[${right}]`).hostname;
}
