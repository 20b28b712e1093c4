import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunnerEvent } from '../../local/fleet-runner/runner-events';
import { eventually } from './eventually';

const ROOT = join(__dirname, '..', '..');

export type ReadyEvent = Extract<RunnerEvent, { event: 'ready' }>;

/** A fleet as `npm start` runs it, on ports of its own. */
export class RunningFleet {
  private constructor(
    private readonly child: ChildProcess,
    readonly ready: ReadyEvent,
    readonly events: RunnerEvent[],
  ) {}

  /**
   * @param args further arguments of `fleet up`
   * @param env further environment: `fleet up` hands it on to its nodes
   */
  static async start(args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<RunningFleet> {
    const child = spawn(
      process.execPath,
      // One process, as `npm start` runs it: a signal meant for the runner reaches the runner.
      ['--require', 'tsx/cjs', 'bin/fleet.ts', 'up', '--json', '--port', '0', ...args],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
    );
    const events: RunnerEvent[] = [];
    const stderr: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
    createInterface({ input: child.stdout }).on('line', (line) => {
      events.push(JSON.parse(line) as RunnerEvent);
    });
    const ready = await eventually(
      () => {
        const found = events.find((event): event is ReadyEvent => event.event === 'ready');
        if (!found && child.exitCode !== null) {
          throw new Error(
            `fleet up ended with ${child.exitCode}: ${JSON.stringify(events)} ${stderr.join('')}`,
          );
        }
        return found;
      },
      // Time for a synthesis, when nothing with these options ran yet.
      { timeoutMs: 180_000 },
    );
    return new RunningFleet(child, ready, events);
  }

  /** Of the runner, which started all the rest. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The page, and with `ws:` the signalling address. */
  get url(): string {
    return this.ready.url.replace(/\/$/, '');
  }

  get webSocketUrl(): string {
    return this.url.replace(/^http/, 'ws');
  }

  /** The id of the first, second, … node that was up. */
  node(position: number): string {
    const node = this.ready.nodes[position - 1];
    if (!node) throw new Error(`there are ${this.ready.nodes.length} nodes`);
    return node.nodeId;
  }

  /** A node's own address, past the front port. */
  nodeUrl(nodeId: string): string {
    const node = this.ready.nodes.find((candidate) => candidate.nodeId === nodeId);
    if (!node) throw new Error(`no node ${nodeId}`);
    return node.httpUrl.replace(/\/$/, '');
  }

  nodePid(nodeId: string): number {
    const node = this.ready.nodes.find((candidate) => candidate.nodeId === nodeId);
    if (!node) throw new Error(`no node ${nodeId}`);
    return node.pid;
  }

  /** A `GET` on the operator API of the first node (or another), parsed; with `body` a `POST`. */
  async operator<T>(
    path: string,
    { nodeId = this.node(1), body }: { nodeId?: string; body?: object } = {},
  ): Promise<T> {
    const post = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const response = await fetch(`${this.nodeUrl(nodeId)}${path}`, post);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** As Ctrl-C does; resolves with the exit status. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    this.child.kill('SIGINT');
    await once(this.child, 'exit');
    return this.child.exitCode;
  }
}
