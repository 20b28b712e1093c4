import type { NodeConfig } from './config';
import { parseLinkAddress } from './link/link-address';
import type { MediaOptions } from './media/media-options';

/** What the media side of a node gets of its configuration. @param workerBin path of the mediasoup worker */
export function mediaOptions(config: NodeConfig, workerBin: string): MediaOptions {
  return {
    workerBin,
    workers: config.FLEET_WORKERS,
    listenIp: config.FLEET_MEDIA_LISTEN_IP,
    announcedAddress: config.FLEET_MEDIA_ANNOUNCED_ADDRESS,
    pipeAnnouncedAddress: pipeHost(config),
    portBase: config.FLEET_MEDIA_PORT_BASE,
    plainPortRange: { min: config.FLEET_PIPE_PORT_MIN, max: config.FLEET_PIPE_PORT_MAX },
    capacity: {
      egressBps: config.FLEET_CAPACITY_EGRESS_BPS,
      packetsPerSecond: config.FLEET_CAPACITY_PACKETS_PER_SECOND,
    },
    egressInterfaces: config.FLEET_EGRESS_INTERFACES,
    iceServers: config.FLEET_ICE_SERVERS,
    maxIncomingBitrate: config.FLEET_MAX_INCOMING_BITRATE_BPS,
    joinTimeoutMs: config.FLEET_JOIN_TIMEOUT_MS,
    maxPeersPerRoom: config.FLEET_MAX_PEERS_PER_ROOM,
    maxListedPeers: config.FLEET_MAX_LISTED_PEERS,
    heardSpeakers: config.FLEET_HEARD_SPEAKERS,
    lastN: config.FLEET_LAST_N,
    limits: {
      transports: config.FLEET_MAX_TRANSPORTS_PER_PEER,
      producers: config.FLEET_MAX_PRODUCERS_PER_PEER,
      dataProducers: config.FLEET_MAX_DATA_PRODUCERS_PER_PEER,
    },
  };
}

/**
 * Pipes go where links go: on private addresses, which cost less than public ones. Media that listens on one address
 * only is reached there.
 */
function pipeHost({ FLEET_MEDIA_LISTEN_IP, FLEET_LINK_ADDRESS }: NodeConfig): string | undefined {
  const isWildcard = FLEET_MEDIA_LISTEN_IP === '0.0.0.0' || FLEET_MEDIA_LISTEN_IP === '::';
  if (!isWildcard) return FLEET_MEDIA_LISTEN_IP;
  const address = parseLinkAddress(FLEET_LINK_ADDRESS ?? '');
  return address?.kind === 'direct' ? address.host : undefined;
}
