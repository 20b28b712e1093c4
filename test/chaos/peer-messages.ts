import type { HostCounts } from '../../local/load/host-figures';
import type { PeerSettings, PeerSpec, PeerState } from '../../local/load/load-settings';

/** To the process of the synthetic peers. */
export type PeerCommand =
  | { type: 'begin'; settings: PeerSettings }
  | { type: 'enter'; spec: PeerSpec }
  | { type: 'leave'; peerId: string };

/** From it, many times a second. */
export interface PeerReport {
  counts: HostCounts;
  /** Of those who came back since the last report: how long they were away, milliseconds. */
  awayMs: number[];
  /** Of those who were told to come, by id; only what has changed. */
  states: Record<string, PeerState>;
  /** When the newest packet came, `machineMs`, by subscriber and `streamKey`; only what has changed. */
  heardAtMs: Record<string, Record<string, number>>;
}

/** Monotonic milliseconds that are the same in all processes of a machine. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
