import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import type { Clock } from '../../core/clock';
import { systemErrorCode } from './system-error';
import type { Watchdog } from './watchdog';

export interface ChildGroupOptions {
  command: string;
  args: string[];
  spawn: SpawnOptions;
  watchdog: Watchdog;
  clock: Clock;
}

export interface ChildExit {
  /** Exit status, or null when a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why the process could not be started at all. */
  error?: Error;
}

/**
 * A child process that leads its own process group: the terminal's Ctrl-C doesn't reach it (the runner decides the
 * order in which things end), and what it started can be ended with it.
 */
export class ChildGroup {
  readonly child: ChildProcess;
  /** Resolves when the process is gone, whatever the reason, and the rest of its group was killed. */
  readonly exited: Promise<ChildExit>;
  private gone = false;
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: ChildGroupOptions) {
    this.child = spawn(options.command, options.args, { ...options.spawn, detached: true });
    const { pid } = this.child;
    if (pid !== undefined) options.watchdog.watch(pid);
    this.exited = new Promise((resolve) => {
      const finish = (exit: ChildExit): void => {
        if (this.gone) return;
        // Workers that a node left behind.
        this.signalGroup('SIGKILL');
        this.gone = true;
        if (pid !== undefined) options.watchdog.forget(pid);
        resolve(exit);
      };
      this.child.once('exit', (code, signal) => finish({ code, signal }));
      this.child.once('error', (error) => {
        // Also emitted for a failed kill or IPC message of a live process.
        if (this.child.pid === undefined) finish({ code: null, signal: null, error });
      });
    });
  }

  get alive(): boolean {
    return !this.gone;
  }

  /** SIGTERM to the process, and SIGKILL to its group when it is still there after `graceMs`. Idempotent. */
  stop(graceMs: number): Promise<void> {
    this.stopping ??= (async () => {
      if (this.gone) return;
      this.child.kill('SIGTERM');
      const timer = this.options.clock.setTimer(graceMs, () => this.kill());
      await this.exited;
      timer.cancel();
    })();
    return this.stopping;
  }

  /** SIGKILL to the whole group, now. */
  kill(): void {
    this.signalGroup('SIGKILL');
  }

  private signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined || this.gone) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // ESRCH: nothing of the group is left. EPERM (macOS): only a zombie is.
      const code = systemErrorCode(error);
      if (code !== 'ESRCH' && code !== 'EPERM') throw error;
    }
  }
}
