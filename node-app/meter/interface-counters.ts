import { readFile } from 'node:fs/promises';
import type { Clock } from '../../core/clock';

export interface InterfaceRates {
  /** Everything that left the machine, bits per second, headers of the link included. */
  txBps: number;
  txPacketsPerSecond: number;
  /** Since the machine started. */
  txDropped: number;
}

interface Totals {
  txBytes: number;
  txPackets: number;
  txDropped: number;
}

export interface InterfaceCountersOptions {
  clock: Clock;
  /** @default /proc/net/dev */
  file?: string;
  /** Interfaces to count. @default all but the loopback */
  interfaces?: readonly string[];
}

/**
 * The second source beside the egress meter: what the machine itself sent, from the kernel's counters. It sees
 * what the workers don't (retransmissions by TCP, other processes, the links between nodes), and it is not a
 * node's own when several nodes share a machine: see NodeEgress.
 */
export class InterfaceCounters {
  readonly #clock: Clock;
  readonly #file: string;
  readonly #interfaces: readonly string[] | undefined;
  #before: (Totals & { atMs: number }) | undefined;

  constructor({ clock, file = '/proc/net/dev', interfaces }: InterfaceCountersOptions) {
    this.#clock = clock;
    this.#file = file;
    this.#interfaces = interfaces;
  }

  /** The rates since the call before; undefined at the first call, and where the kernel has no such file. */
  async read(): Promise<InterfaceRates | undefined> {
    const text = await readFile(this.#file, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const totals = { ...sumInterfaces(text, this.#interfaces), atMs: this.#clock.monotonicMs() };
    const before = this.#before;
    this.#before = totals;
    if (before === undefined || totals.atMs <= before.atMs) return undefined;
    const seconds = (totals.atMs - before.atMs) / 1_000;
    return {
      txBps: Math.max(0, (totals.txBytes - before.txBytes) * 8) / seconds,
      txPacketsPerSecond: Math.max(0, totals.txPackets - before.txPackets) / seconds,
      txDropped: totals.txDropped,
    };
  }
}

/** Columns after the name: 8 of reception, then bytes, packets, errors, dropped, … of transmission (proc(5)). */
function sumInterfaces(text: string, wanted: readonly string[] | undefined): Totals {
  const totals: Totals = { txBytes: 0, txPackets: 0, txDropped: 0 };
  for (const line of text.split('\n')) {
    const match = /^\s*([^:\s]+):(.*)$/.exec(line);
    const name = match?.[1];
    if (name === undefined || (wanted === undefined ? name === 'lo' : !wanted.includes(name))) continue;
    const columns = (match?.[2] ?? '').trim().split(/\s+/).map(Number);
    totals.txBytes += columns[8] ?? 0;
    totals.txPackets += columns[9] ?? 0;
    totals.txDropped += columns[11] ?? 0;
  }
  return totals;
}
