import type { PipeAddress } from './cascade/lane-transport';
import { DEFAULT_HEARD_SPEAKERS } from '../../core/capacity/egress-model';
import { DEFAULT_PEER_LIMITS, type IceServer, type MediaOptions, type PeerLimits } from './media-options';

/** The part of the media options that rooms and peers read, with the defaults filled in. */
export interface RoomSettings {
  listenIp: string;
  announcedAddress: string | undefined;
  /** Where the ends of pipes with other nodes of the region listen. */
  pipeAddress: PipeAddress;
  /** The same for nodes of other regions, which reach this one as clients do. */
  farPipeAddress: PipeAddress;
  plainPortRange: { min: number; max: number } | undefined;
  iceServers: readonly IceServer[];
  maxIncomingBitrate: number | undefined;
  initialAvailableOutgoingBitrate: number;
  limits: PeerLimits;
  maxPeersPerRoom: number;
  /** Above so many people, those who send nothing are counted and not listed. */
  maxListedPeers: number;
  joinTimeoutMs: number;
  showRemoteAddresses: boolean;
  /** How many microphones of a room are heard at once; 0: all. */
  heardSpeakers: number;
  /** Of how many publishers a subscriber receives the camera; 0: all. */
  lastN: number;
}

export function roomSettings(options: MediaOptions): RoomSettings {
  return {
    listenIp: options.listenIp,
    announcedAddress: options.announcedAddress,
    pipeAddress: {
      ip: options.listenIp,
      announcedAddress: options.pipeAnnouncedAddress ?? options.announcedAddress,
      portRange: options.plainPortRange,
    },
    farPipeAddress: {
      ip: options.listenIp,
      announcedAddress: options.announcedAddress,
      portRange: options.plainPortRange,
    },
    plainPortRange: options.plainPortRange,
    iceServers: options.iceServers ?? [],
    maxIncomingBitrate: options.maxIncomingBitrate,
    initialAvailableOutgoingBitrate: options.initialAvailableOutgoingBitrate ?? 1_000_000,
    limits: { ...DEFAULT_PEER_LIMITS, ...options.limits },
    maxPeersPerRoom: options.maxPeersPerRoom ?? 1_000,
    maxListedPeers: options.maxListedPeers ?? 200,
    joinTimeoutMs: options.joinTimeoutMs ?? 10_000,
    showRemoteAddresses: options.showRemoteAddresses ?? false,
    heardSpeakers: options.heardSpeakers ?? DEFAULT_HEARD_SPEAKERS,
    lastN: options.lastN ?? 0,
  };
}
