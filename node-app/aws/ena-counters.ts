import { execFile } from 'node:child_process';
import { readdir, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
  /** Where the machine's interfaces are. @default /sys/class/net */
  devices?: string;
}

const TIMEOUT_MS = 2_000;
const run = promisify(execFile);

/** Summed over the machine's interfaces; undefined when none of them is an ENA, or there is no ethtool. */
export async function readEnaCounters(
  options: ReadEnaCountersOptions = {},
): Promise<EnaCounters | undefined> {
  const { ethtool = '/usr/sbin/ethtool', devices = '/sys/class/net' } = options;
  const interfaces = await enaInterfaces(devices);
  const found = await Promise.all(
    interfaces.map(async (name) => {
      try {
        const { stdout } = await run(ethtool, ['-S', name], { timeout: TIMEOUT_MS, maxBuffer: 1024 * 1024 });
        return parseEnaCounters(stdout);
      } catch {
        // No ethtool, or a card that is just going.
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

/** Asking is a process each time, so only those are asked that can have these counters. */
async function enaInterfaces(devices: string): Promise<string[]> {
  const names = await readdir(devices).catch(() => []);
  const drivers = await Promise.all(
    names.map((name) => readlink(join(devices, name, 'device', 'driver')).catch(() => '')),
  );
  return names.filter((_, index) => basename(drivers[index] ?? '') === 'ena');
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
