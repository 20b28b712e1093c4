import { cpus, loadavg, totalmem } from 'node:os';

/** Where a bench ran: a number without it says nothing. */
export interface Machine {
  cores: number;
  /** As the processor names itself. */
  model: string;
  memoryGiB: number;
  /** Load average over a minute when the bench began: what else ran. */
  load: number;
  platform: string;
  node: string;
}

export function readMachine(): Machine {
  const processors = cpus();
  return {
    cores: processors.length,
    model: processors[0]?.model.trim() || 'unknown processor',
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}

export function formatMachine({ cores, model, memoryGiB, load, platform, node }: Machine): string {
  return `on ${cores} cores (${model}), ${memoryGiB} GiB of memory, ${platform}, Node ${node}; load ${load} at the start`;
}
