import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { types } from 'mediasoup';
import { FleetError } from '../../../core/errors';
import { callMediasoup } from '../mediasoup-errors';
import type { Lane, LaneEnd } from './pipe-signalling';

/** Where the ends of pipes listen. */
export interface PipeAddress {
  ip: string;
  /** Address under which the other end reaches it. @default ip */
  announcedAddress?: string | undefined;
  /** @default any of mediasoup's own range */
  portRange?: { min: number; max: number } | undefined;
}

export type LaneTransport = types.PipeTransport | types.PlainTransport;

/** Pipes are always encrypted, with what PipeTransports speak. */
const SRTP_CRYPTO_SUITE = 'AEAD_AES_256_GCM';

/** What both ends of the whole lane are; RTX repairs losses on it. */
export async function createWholeEnd(
  router: types.Router,
  address: PipeAddress,
): Promise<types.PipeTransport> {
  return callMediasoup(() =>
    router.createPipeTransport({
      listenInfo: listenInfo(address),
      enableSctp: true,
      enableRtx: true,
      enableSrtp: true,
    }),
  );
}

/** The sending end of the layered lane: a transport whose consumers can be pinned to one layer. */
export async function createLayeredSourceEnd(
  router: types.Router,
  address: PipeAddress,
): Promise<types.PlainTransport> {
  return callMediasoup(() =>
    router.createPlainTransport({
      listenInfo: listenInfo(address),
      rtcpMux: true,
      comedia: false,
      enableSrtp: true,
      srtpCryptoSuite: SRTP_CRYPTO_SUITE,
    }),
  );
}

/**
 * The receiving end of the layered lane. A PipeTransport, though its other end is a plain one: a PlainTransport gives
 * all its producers the CNAME of the first, and receivers would synchronize the pictures of different people.
 */
export async function createLayeredSinkEnd(
  router: types.Router,
  address: PipeAddress,
): Promise<types.PipeTransport> {
  return callMediasoup(() =>
    router.createPipeTransport({ listenInfo: listenInfo(address), enableRtx: true, enableSrtp: true }),
  );
}

export function createSinkEnd(
  router: types.Router,
  lane: Lane,
  address: PipeAddress,
): Promise<types.PipeTransport> {
  return lane === 'whole' ? createWholeEnd(router, address) : createLayeredSinkEnd(router, address);
}

export function describeEnd({ tuple, srtpParameters }: LaneTransport): LaneEnd {
  if (srtpParameters === undefined) throw new Error('a lane without SRTP');
  return { ip: tuple.localAddress, port: tuple.localPort, srtpParameters };
}

export function onceClosed(transport: LaneTransport, listener: () => void): void {
  if (transport.type === 'pipe') transport.observer.once('close', listener);
  else transport.observer.once('close', listener);
}

export async function connectEnd(transport: LaneTransport, other: LaneEnd): Promise<void> {
  // A node may announce itself by a name, which mediasoup doesn't look up here.
  const ip = isIP(other.ip) === 0 ? await addressOf(other.ip) : other.ip;
  await callMediasoup(() => transport.connect({ ...other, ip }));
}

async function addressOf(hostName: string): Promise<string> {
  try {
    return (await lookup(hostName)).address;
  } catch (cause) {
    throw new FleetError('FLEET_ERR_NODE_UNREACHABLE', { message: `no address of ${hostName}`, cause });
  }
}

function listenInfo({ ip, announcedAddress, portRange }: PipeAddress): types.TransportListenInfo {
  return {
    protocol: 'udp',
    ip,
    ...(announcedAddress === undefined ? {} : { announcedAddress }),
    ...(portRange === undefined ? {} : { portRange }),
  };
}
