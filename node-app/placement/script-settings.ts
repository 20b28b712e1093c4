import { bitsPerPacket, type EgressModelParams } from '../../core/capacity/egress-model';

export interface PlacementTiming {
  /** A node's lease after each heartbeat, milliseconds. @default 3_000 */
  leaseTtlMs: number;
  /** Between heartbeats, milliseconds; also the retry-after while nobody is alive. @default 1_000 */
  heartbeatIntervalMs: number;
  /** A claim that no heartbeat has confirmed is void after this, milliseconds. @default 10_000 */
  claimTtlMs: number;
  /** A room leaves a silent home without further evidence so long after its last heartbeat, milliseconds. @default 15_000 */
  silentHomeMs: number;
  /** A node is forgotten so long after its lease ended, milliseconds. @default 60_000 */
  nodeTtlMs: number;
  /** retry-after of FLEET_ERR_NO_CAPACITY, milliseconds. @default 5_000: what a warm instance needs to serve */
  noCapacityRetryAfterMs: number;
}

export const DEFAULT_PLACEMENT_TIMING: PlacementTiming = {
  leaseTtlMs: 3_000,
  heartbeatIntervalMs: 1_000,
  claimTtlMs: 10_000,
  silentHomeMs: 15_000,
  nodeTtlMs: 60_000,
  noCapacityRetryAfterMs: 5_000,
};

export interface ScriptSettings {
  timing: PlacementTiming;
  egressModel: EgressModelParams;
  defaultExpectedPeers: number;
  learningWeight: number;
}

/** The deployment's settings under the names that the scripts know them by. */
export function scriptConstants(settings: ScriptSettings): Record<string, number> {
  const { timing, egressModel } = settings;
  return {
    LEASE_TTL: timing.leaseTtlMs,
    HEARTBEAT_INTERVAL: timing.heartbeatIntervalMs,
    CLAIM_TTL: timing.claimTtlMs,
    SILENT_HOME: timing.silentHomeMs,
    NODE_TTL: timing.nodeTtlMs,
    NO_CAPACITY_RETRY: timing.noCapacityRetryAfterMs,
    DEFAULT_EXPECTED: settings.defaultExpectedPeers,
    LEARNING_WEIGHT: settings.learningWeight,
    BITS_PER_PACKET: bitsPerPacket(egressModel),
    SINGLE_PICTURE_BPS: egressModel.singlePictureBps,
    FEW_PICTURES_BPS: egressModel.fewPicturesBps,
    FEW_PICTURES: egressModel.fewPictures,
    SPEAKER_BPS: egressModel.speakerBps,
    THUMBNAIL_BPS: egressModel.thumbnailBps,
    AUDIO_BPS: egressModel.audioBps,
    ACTIVE_AUDIO: egressModel.activeAudio,
    LAST_N: egressModel.lastN,
    OVERHEAD: egressModel.overheadFactor,
    PACKET_BITS: egressModel.videoPacketBits,
    AUDIO_PACKETS: egressModel.audioPacketsPerSecond,
    ASSUMED_PUBLISHERS: egressModel.assumedPublishers,
  };
}
