import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Linux' USER_HZ, the same on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What Linux says of a process and everything it started. */
export class ProcessTree {
  constructor(readonly rootPid: number) {}

  /** The root first. */
  pids(): number[] {
    const childrenOf = new Map<number, number[]>();
    for (const entry of readdirSync('/proc')) {
      const pid = Number(entry);
      if (!Number.isInteger(pid)) continue;
      const parent = parentOf(pid);
      if (parent !== undefined) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
    }
    const found = [this.rootPid];
    for (let at = 0; at < found.length; at += 1) found.push(...(childrenOf.get(found[at] ?? 0) ?? []));
    return found;
  }

  /** Resident memory of all of them together, MiB. Pages that they share count more than once. */
  residentMiB(): number {
    const kib = this.pids().reduce((sum, pid) => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return sum + Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    }, 0);
    return kib / 1024;
  }

  /** The same, with each shared page divided among those that share it (PSS): what the machine really gives, MiB. */
  proportionalMiB(): number {
    const kib = this.pids().reduce((sum, pid) => {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      return sum + Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
    }, 0);
    return kib / 1024;
  }

  /** Processor time of all of them so far, seconds; of those that have ended only what their parents waited for. */
  cpuSeconds(): number {
    const ticks = this.pids().reduce((sum, pid) => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // utime and stime are fields 14 and 15 of proc(5), from 1; the name is field 2.
      return sum + Number(fields[11]) + Number(fields[12]);
    }, 0);
    return ticks / TICKS_PER_SECOND;
  }

  /** Binds all of them, with all their threads, to one processor. */
  pinTo(processor: number): void {
    for (const pid of this.pids()) execFileSync('taskset', ['-acp', String(processor), String(pid)]);
  }
}

/** Undefined when the process has ended meanwhile. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may contain anything: read behind the last one.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
