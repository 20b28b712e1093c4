import type { CapacityVector } from './capacity-vector';

/** What the two sources say at one moment. */
export interface EgressReadings {
  /** Sum over the rooms, by the egress meter. */
  meter: CapacityVector;
  /** Since the meter last heard from a worker that it asked, milliseconds. */
  meterSilentMs: number;
  /** What the machine's network interfaces sent; undefined when they tell nothing, or aren't this node's own. */
  interfaces: CapacityVector | undefined;
}

/** `meterSilent`: no figures from the workers. `unaccounted`: the interfaces send much more than the rooms. */
export type EgressVerdict = 'meter' | 'meterSilent' | 'unaccounted';

/** Five of the meter's rounds: a worker so busy that it answers nothing for so long is in trouble. */
const METER_SILENT_MS = 5_000;
/**
 * What a node may send beside its rooms' media without a word: signalling, links to other nodes, logs, TCP's
 * retransmissions, and the Ethernet and IP headers that only the interface counts (2 to 5 %).
 */
const UNACCOUNTED_SHARE = 0.5;
const UNACCOUNTED_BPS = 20_000_000;

/** Which source to believe. */
export function judgeEgress({ meter, meterSilentMs, interfaces }: EgressReadings): EgressVerdict {
  if (meterSilentMs >= METER_SILENT_MS) return 'meterSilent';
  if (interfaces === undefined) return 'meter';
  const unaccountedBps = interfaces.egressBps - meter.egressBps;
  return unaccountedBps > UNACCOUNTED_BPS + UNACCOUNTED_SHARE * meter.egressBps ? 'unaccounted' : 'meter';
}
