import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Clock } from '../../core/clock';
import { RunnerError } from '../runner-error';
import type { HostTick } from './host-figures';
import type { HostAnswer, HostCommand } from './host-messages';
import type { PeerSettings, PeerSpec } from './load-settings';

export interface LoadHostOptions {
  settings: PeerSettings;
  clock: Clock;
  onTick: (tick: HostTick) => void;
}

/** Milliseconds. */
const STOP_TIMEOUT_MS = 4_000;

const MAIN = join(__dirname, 'host-main.ts');

/** A child process of the load generator, as its parent sees it. */
export class LoadHost {
  /** The newest word of it. */
  tick: HostTick | undefined;
  /** Rejects when it ends without being asked to. */
  readonly failed: Promise<never>;
  private readonly exited: Promise<unknown>;
  private readonly waiting: (() => void)[] = [];
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly clock: Clock,
    private readonly onTick: (tick: HostTick) => void,
  ) {
    this.exited = once(child, 'exit');
    this.failed = new Promise((_, reject) => {
      child.on('error', (cause) =>
        reject(new RunnerError(`a load process failed: ${cause.message}`, { cause })),
      );
      child.once('exit', (code, signal) => {
        for (const done of this.waiting.splice(0)) done();
        if (this.stopping) return;
        reject(new RunnerError(`a load process ended with ${signal ?? String(code)}`));
      });
    });
    this.failed.catch(() => undefined);
    child.on('message', (answer: HostAnswer) => this.receive(answer));
  }

  /** @throws RunnerError when it ends at once */
  static async start({ settings, clock, onTick }: LoadHostOptions): Promise<LoadHost> {
    const child = fork(MAIN, [], {
      execArgv: ['--require', 'tsx/cjs'],
      // What it has to say comes as messages; what it did not mean to say goes where a person sees it.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const host = new LoadHost(child, clock, onTick);
    host.send({ type: 'begin', settings });
    await Promise.race([once(child, 'message'), host.failed]);
    return host;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  add(peers: PeerSpec[]): void {
    this.send({ type: 'add', peers });
  }

  remove(peerIds: string[]): void {
    this.send({ type: 'remove', peerIds });
  }

  /** Asks for its newest figures; resolves when they are here, or it is gone. */
  async refresh(): Promise<void> {
    if (!this.child.connected || this.stopping) return;
    const heard = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.send({ type: 'tick' });
    await heard;
  }

  /** Everybody in it leaves, and it ends. Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      this.send({ type: 'stop' });
      // It ends by itself within 3 s, unless it is stuck.
      const timer = this.clock.setTimer(STOP_TIMEOUT_MS, () => this.child.kill('SIGKILL'));
      await this.exited;
      timer.cancel();
    })();
    return this.stopping;
  }

  /** At once. */
  kill(): void {
    this.stopping ??= this.exited.then(() => undefined);
    this.child.kill('SIGKILL');
  }

  private send(command: HostCommand): void {
    // Its end is told by its exit.
    if (this.child.connected) this.child.send(command, () => undefined);
  }

  private receive(answer: HostAnswer): void {
    if (answer.type !== 'tick') return;
    this.tick = answer.tick;
    this.onTick(answer.tick);
    for (const done of this.waiting.splice(0)) done();
  }
}
