import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

/** How often the network card held packets back because an allowance of the instance was used up; since boot. */
export interface EnaCounters {
  bwOut: number;
  pps: number;
  conntrack: number;
}

export interface ReadEnaCountersOptions {
  /** @default /usr/sbin/ethtool */
  ethtool?: string;
  /** @default every interface of the machine but the loopback */
  interfaces?: readonly string[];
}

const TIMEOUT_MS = 2_000;
const run = promisify(execFile);

/** Summed over the machine's interfaces; undefined when none of them is an ENA, or there is no ethtool. */
export async function readEnaCounters(
  options: ReadEnaCountersOptions = {},
): Promise<EnaCounters | undefined> {
  const { ethtool = '/usr/sbin/ethtool' } = options;
  const interfaces =
    options.interfaces ?? (await readdir('/sys/class/net').catch(() => [])).filter((name) => name !== 'lo');
  const found = await Promise.all(
    interfaces.map(async (name) => {
      try {
        const { stdout } = await run(ethtool, ['-S', name], { timeout: TIMEOUT_MS, maxBuffer: 1024 * 1024 });
        return parseEnaCounters(stdout);
      } catch {
        // A card without statistics, or none at all.
        return undefined;
      }
    }),
  );
  const counters = found.filter((entry) => entry !== undefined);
  if (counters.length === 0) return undefined;
  return counters.reduce((sum, entry) => ({
    bwOut: sum.bwOut + entry.bwOut,
    pps: sum.pps + entry.pps,
    conntrack: sum.conntrack + entry.conntrack,
  }));
}

/** From the output of `ethtool -S`; undefined when the card is not an ENA. */
export function parseEnaCounters(text: string): EnaCounters | undefined {
  const read = (name: string): number | undefined => {
    const match = new RegExp(`^\\s*${name}:\\s*(\\d+)\\s*$`, 'm').exec(text);
    return match ? Number(match[1]) : undefined;
  };
  const bwOut = read('bw_out_allowance_exceeded');
  const pps = read('pps_allowance_exceeded');
  const conntrack = read('conntrack_allowance_exceeded');
  if (bwOut === undefined || pps === undefined || conntrack === undefined) return undefined;
  return { bwOut, pps, conntrack };
}
