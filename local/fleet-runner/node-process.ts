import { z } from 'zod';
import type { Clock } from '../../core/clock';
import { ChildGroup, type ChildExit } from './child-group';
import { NodeLog, type NodeWarning } from './node-log';
import type { Watchdog } from './watchdog';

export interface NodeProcessOptions {
  /** The bundled node application, a JavaScript file. */
  entry: string;
  /** All of the process's environment: nothing is inherited. */
  env: NodeJS.ProcessEnv;
  /** Where the node's output is appended to. */
  logFile: string;
  watchdog: Watchdog;
  clock: Clock;
  onWarning: (warning: NodeWarning) => void;
  /** How long until the node says it is ready, milliseconds. @default 20000 */
  startTimeoutMs?: number;
}

const nodeReadySchema = z.object({
  type: z.literal('ready'),
  nodeId: z.string(),
  httpPort: z.number().int(),
  linkPort: z.number().int(),
});

/** What a node says over IPC once it listens. */
export type NodeReady = z.infer<typeof nodeReadySchema>;

/**
 * One node application as a child process, with plain Node on the bundle: what an instance of the fleet is on this
 * machine. It ends with its parent (`FLEET_EXIT_WITH_PARENT`), however the parent ends.
 */
export class NodeProcess {
  /** Resolves when the process is gone, whatever the reason. */
  readonly exited: Promise<ChildExit>;
  private readonly group: ChildGroup;
  private readonly log: NodeLog;

  constructor(private readonly options: NodeProcessOptions) {
    this.log = new NodeLog(options.logFile, options.onWarning);
    this.group = new ChildGroup({
      command: process.execPath,
      args: [options.entry],
      spawn: {
        env: { ...options.env, FLEET_EXIT_WITH_PARENT: '1' },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
      watchdog: options.watchdog,
      clock: options.clock,
    });
    const { stdout, stderr } = this.group.child;
    if (stdout) this.log.read(stdout);
    if (stderr) this.log.read(stderr);
    this.exited = this.group.exited.then(async (exit) => {
      await this.log.close();
      return exit;
    });
  }

  get pid(): number | undefined {
    return this.group.child.pid;
  }

  /** Why it ended, in a person's words: what it logged last when it gave up by itself. */
  deathReason(exit: ChildExit): string {
    return (exit.code ? this.log.latestError : undefined) ?? describeExit(exit);
  }

  /** Resolves once the node listens. @throws Error when it ended before, or took too long (it is then killed) */
  async ready(): Promise<NodeReady> {
    const { child } = this.group;
    let timedOut = false;
    const timer = this.options.clock.setTimer(this.options.startTimeoutMs ?? 20_000, () => {
      timedOut = true;
      this.group.kill();
    });
    const ready = new Promise<NodeReady>((resolve) => {
      child.on('message', (message) => {
        const parsed = nodeReadySchema.safeParse(message);
        if (parsed.success) resolve(parsed.data);
      });
    });
    const ended = this.exited.then((exit): never => {
      throw new Error(timedOut ? 'it was not ready in time' : this.deathReason(exit), {
        cause: exit.error,
      });
    });
    try {
      return await Promise.race([ready, ended]);
    } finally {
      timer.cancel();
    }
  }

  /** SIGTERM, which lets the node end properly; SIGKILL to it and its workers after `graceMs`. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    await this.group.stop(graceMs);
    await this.exited;
  }

  /** SIGKILL to the node and its workers, now. */
  kill(): void {
    this.group.kill();
  }
}

function describeExit(exit: ChildExit): string {
  if (exit.error) return `could not be started: ${exit.error.message}`;
  return exit.signal ? `killed by ${exit.signal}` : `ended with status ${exit.code}`;
}
