import type { CapacityVector } from './capacity-vector';

export interface SafeCapacityOptions {
  /**
   * Sustained (not burst) internet egress of the instance, bits per second: the baseline of its type, and on
   * AWS never more than its gateway allowance.
   */
  sustainedEgressBps: number;
  /** Number of mediasoup workers, one per core. */
  workers: number;
  /**
   * Packets that one worker forwards per CPU second. @default 100_000 (measured on one core with SRTP
   * AEAD_AES_256_GCM and 1,200-byte packets: 106–116 thousand)
   */
  packetsPerWorker?: number;
  /**
   * Share of the sustained egress that placement may use; the rest carries retransmissions, probing and the
   * growth of rooms between two heartbeats. @default 0.75
   */
  egressFraction?: number;
  /**
   * Share of the workers' packets that placement may use. Rooms sit unevenly on workers and a worker has key
   * frames, RTCP and DTLS to do besides. @default 0.7
   */
  packetsFraction?: number;
}

/** What a node can safely carry. @throws RangeError on a number that is not a capacity */
export function safeCapacity({
  sustainedEgressBps,
  workers,
  packetsPerWorker = 100_000,
  egressFraction = 0.75,
  packetsFraction = 0.7,
}: SafeCapacityOptions): CapacityVector {
  for (const [name, value] of Object.entries({ sustainedEgressBps, workers, packetsPerWorker })) {
    if (!Number.isFinite(value) || value <= 0) throw new RangeError(`${name} must be positive, not ${value}`);
  }
  for (const [name, value] of Object.entries({ egressFraction, packetsFraction })) {
    if (!(value > 0 && value <= 1)) throw new RangeError(`${name} must be within (0, 1], not ${value}`);
  }
  return {
    egressBps: Math.floor(sustainedEgressBps * egressFraction),
    packetsPerSecond: Math.floor(packetsPerWorker * workers * packetsFraction),
  };
}
