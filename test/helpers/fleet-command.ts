import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunnerEvent } from '../../local/fleet-runner/runner-events';
import { eventually } from './eventually';

const ROOT = join(__dirname, '..', '..');

export interface FleetExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Gives up on a `fleet up` after this long, milliseconds: time for a synthesis too. */
const START_TIMEOUT_MS = 180_000;

/** The `fleet` command as a process, with everything that it says, and with what it started findable. */
export class FleetCommand {
  readonly exited: Promise<FleetExit>;
  stdout = '';
  stderr = '';
  /** With `--json`: what it printed. */
  readonly events: RunnerEvent[] = [];

  private constructor(
    readonly child: ChildProcess,
    /** In the environment of everything that it starts. */
    private readonly marker: string,
  ) {
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    child.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    if (!child.stdout) return;
    child.stdout.on('data', (text: Buffer) => (this.stdout += text.toString()));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.events.push(JSON.parse(line) as RunnerEvent);
    });
  }

  static start(args: string[], env: NodeJS.ProcessEnv = {}): FleetCommand {
    const marker = randomUUID();
    // One process, as `npm start` runs it: a signal meant for the runner reaches the runner.
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', 'bin/fleet.ts', ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env, TEST_MARKER: marker },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new FleetCommand(child, marker);
  }

  /** Runs a command that ends by itself. */
  static async run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<FleetCommand & { exit: FleetExit }> {
    const command = FleetCommand.start(args, env);
    return Object.assign(command, { exit: await command.exited });
  }

  /** The first event of this kind; waits for it. */
  event<K extends RunnerEvent['event']>(
    kind: K,
    fits: (event: Extract<RunnerEvent, { event: K }>) => boolean = () => true,
  ): Promise<Extract<RunnerEvent, { event: K }>> {
    return eventually(
      () => {
        const found = this.events.find(
          (event): event is Extract<RunnerEvent, { event: K }> =>
            event.event === kind && fits(event as Extract<RunnerEvent, { event: K }>),
        );
        if (!found && this.child.exitCode !== null) {
          throw new Error(`fleet ended with ${this.child.exitCode}: ${this.stdout}${this.stderr}`);
        }
        return found;
      },
      { timeoutMs: START_TIMEOUT_MS },
    );
  }

  /** Process ids of what it started, itself included, and of what these started. */
  async processes(): Promise<number[]> {
    const runFolder = /"runFolder":"([^"]+)"/.exec(this.stdout)?.[1];
    const found: number[] = [];
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const [environment, commandLine] = await Promise.all(
        // Redis overwrites its environment with its title, in which its socket stands.
        ['environ', 'cmdline'].map((file) => readFile(`/proc/${name}/${file}`, 'latin1').catch(() => '')),
      );
      const isOurs = environment?.includes(this.marker) || (runFolder && commandLine?.includes(runFolder));
      if (isOurs) found.push(Number(name));
    }
    return found;
  }

  /** For the end of a test that failed in the middle. */
  async killAll(): Promise<void> {
    this.child.kill('SIGKILL');
    for (const pid of await this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone by itself meanwhile.
      }
    }
  }
}
