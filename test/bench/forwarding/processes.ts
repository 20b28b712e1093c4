import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerCommand } from './messages';
import type { SourceSetup } from './source';

/** Clock ticks of /proc/<pid>/stat per second: 100 on every Linux that Node runs on (sysconf _SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

/** @throws Error when the process ends instead of answering */
export function sendAndWait(child: ChildProcess, message: ServerCommand | number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: unknown): void => {
      child.off('exit', onExit);
      resolve(answer);
    };
    const onExit = (code: number | null): void => {
      child.off('message', onMessage);
      reject(new Error(`a process of the bench ended with ${String(code)}`));
    };
    child.once('message', onMessage);
    child.once('exit', onExit);
    child.send(message);
  });
}

/** utime + stime, the 14th and 15th field of proc(5); counted behind the name, which may contain anything. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Processes of the bench; none outlives it. */
export class BenchProcesses {
  private readonly running = new Set<ChildProcess>();

  start(name: 'server' | 'source' | 'sink'): ChildProcess {
    const child = fork(join(__dirname, `${name}.ts`), { stdio: ['ignore', 2, 2, 'ipc'] });
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return child;
  }

  /** Sends nothing before it is told to. */
  startSource(setup: SourceSetup): ChildProcess {
    const source = this.start('source');
    source.send(setup);
    return source;
  }

  /** Ports that take packets and drop them; see sink.ts. */
  async startSink(count: number): Promise<number[]> {
    const sink = this.start('sink');
    const ports = (await sendAndWait(sink, count)) as number[];
    sink.kill('SIGSTOP');
    return ports;
  }

  /** A worker ends with the channel to its process. */
  kill(): void {
    for (const child of this.running) child.kill('SIGKILL');
  }
}
