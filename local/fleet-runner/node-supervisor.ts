import type { Clock, Timer } from '../../core/clock';
import type { NodeProcess, NodeReady } from './node-process';

export interface NodeSupervisorOptions {
  /** Starts the process anew. */
  launch: () => NodeProcess;
  clock: Clock;
  /** Start a node that died again. */
  restart: boolean;
  onReady: (ready: NodeReady, process: NodeProcess) => void;
  /** Called once for each death of a node that was ready or was being restarted. */
  onDied: (death: { reason: string; restartInMs: number | undefined }) => void;
}

/** Wait before the first restart, milliseconds; doubled with each death in a row. */
const FIRST_BACK_OFF_MS = 500;
const MAX_BACK_OFF_MS = 15_000;
/** A node that lived this long starts its back-off anew, milliseconds. */
const STABLE_AFTER_MS = 30_000;

/** Keeps one node running. */
export class NodeSupervisor {
  private process: NodeProcess | undefined;
  private restartTimer: Timer | undefined;
  private readyAtMs = 0;
  private deathsInARow = 0;
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: NodeSupervisorOptions) {}

  /** Starts the node for the first time. @throws Error when it does not get ready; it is then not tried again */
  async start(): Promise<void> {
    await this.launch();
  }

  /** Ends the node and tries no more. Idempotent. */
  stop(graceMs: number): Promise<void> {
    this.stopping ??= (async () => {
      this.restartTimer?.cancel();
      await this.process?.stop(graceMs);
    })();
    return this.stopping;
  }

  /** SIGKILL, now. {@link stop} still has to be awaited. */
  kill(): void {
    this.process?.kill();
  }

  private async launch(): Promise<void> {
    const process = this.options.launch();
    this.process = process;
    const ready = await process.ready();
    if (this.stopping) return;
    this.readyAtMs = this.options.clock.monotonicMs();
    this.options.onReady(ready, process);
    void process.exited.then((exit) => this.died(process.deathReason(exit)));
  }

  private died(reason: string): void {
    if (this.stopping) return;
    const livedMs = this.options.clock.monotonicMs() - this.readyAtMs;
    this.deathsInARow = livedMs >= STABLE_AFTER_MS ? 1 : this.deathsInARow + 1;
    const restartInMs = this.options.restart ? this.backOffMs() : undefined;
    this.options.onDied({ reason, restartInMs });
    if (restartInMs === undefined) return;
    this.restartTimer = this.options.clock.setTimer(restartInMs, () => {
      this.launch().catch((error: unknown) => {
        // Dead before it was ready: no time of life to count.
        this.readyAtMs = this.options.clock.monotonicMs();
        this.died(error instanceof Error ? error.message : String(error));
      });
    });
  }

  private backOffMs(): number {
    return Math.min(FIRST_BACK_OFF_MS * 2 ** (this.deathsInARow - 1), MAX_BACK_OFF_MS);
  }
}
