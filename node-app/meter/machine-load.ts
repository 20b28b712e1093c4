import { availableParallelism, cpus, loadavg } from 'node:os';

/** CPU time of all cores since the machine started, milliseconds. */
export interface CpuTimes {
  busyMs: number;
  totalMs: number;
}

export interface MachineLoadOptions {
  /** @default the machine's own */
  readCpuTimes?: () => CpuTimes;
  /** Load average over one minute. @default the machine's own */
  readLoadAverage?: () => number;
  /** @default the machine's own */
  cores?: number;
}

/** How busy the machine is, as LiveKit's and OpenVidu's selectors want to know. */
export class MachineLoad {
  readonly #readCpuTimes: () => CpuTimes;
  readonly #readLoadAverage: () => number;
  readonly #cores: number;
  #before: CpuTimes;

  constructor(options: MachineLoadOptions = {}) {
    this.#readCpuTimes = options.readCpuTimes ?? machineCpuTimes;
    this.#readLoadAverage = options.readLoadAverage ?? (() => loadavg()[0] ?? 0);
    this.#cores = options.cores ?? availableParallelism();
    this.#before = this.#readCpuTimes();
  }

  /** Since the call before. */
  read(): { cpuLoad: number; sysLoad: number } {
    const now = this.#readCpuTimes();
    const totalMs = now.totalMs - this.#before.totalMs;
    const busyMs = now.busyMs - this.#before.busyMs;
    this.#before = now;
    return {
      cpuLoad: totalMs <= 0 ? 0 : Math.min(1, Math.max(0, busyMs / totalMs)),
      sysLoad: this.#readLoadAverage() / this.#cores,
    };
  }
}

function machineCpuTimes(): CpuTimes {
  const times: CpuTimes = { busyMs: 0, totalMs: 0 };
  for (const { times: core } of cpus()) {
    const busyMs = core.user + core.nice + core.sys + core.irq;
    times.busyMs += busyMs;
    times.totalMs += busyMs + core.idle;
  }
  return times;
}
