import { workerBin } from 'mediasoup';
import { pino } from 'pino';
import { FleetError } from '../core/errors';
import { startNode, type FleetNode } from './compose';
import { parseConfig, type NodeConfig } from './config';
import { systemClock } from './system-clock';

/** sysexits.h: the configuration is wrong. Service managers don't restart on it. */
const EX_CONFIG = 78;

async function main(): Promise<void> {
  const config = readConfig();
  if (!config) return;
  const logger = pino({
    level: config.FLEET_LOG_LEVEL,
    base: { nodeId: config.FLEET_NODE_ID },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  const stopper = new Stopper(config.FLEET_STOP_TIMEOUT_MS, (message) => logger.warn(message));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopper.stop(signal));
  if (config.FLEET_EXIT_WITH_PARENT) process.on('disconnect', () => stopper.stop('parent gone'));
  try {
    const node = await startNode({
      config,
      workerBin: config.FLEET_WORKER_BIN ?? workerBin,
      clock: systemClock,
      random: Math.random,
      logger,
    });
    stopper.started(node);
    const { nodeId, httpPort, linkPort, mediaPorts } = node;
    const ready = { type: 'ready', nodeId, httpPort, linkPort, mediaPorts };
    logger.info(ready, 'ready');
    process.send?.(ready);
  } catch (error) {
    const wrongConfig = error instanceof FleetError && error.code === 'FLEET_ERR_CONFIG';
    logger.fatal(wrongConfig ? { code: error.code } : { err: error }, startFailure(error));
    process.exitCode = wrongConfig ? EX_CONFIG : 1;
  }
}

function readConfig(): NodeConfig | undefined {
  try {
    return parseConfig(process.env);
  } catch (error) {
    const { message } = FleetError.from(error);
    process.stderr.write(`FLEET_ERR_CONFIG: ${message}\n`);
    process.exitCode = EX_CONFIG;
    return undefined;
  }
}

function startFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `the node can not start: ${message}`;
}

/**
 * A signal that a wrapper (npm, tsx, a supervisor) passes on to a process which got it too comes twice within some
 * milliseconds. Nobody means "now" so fast.
 */
const PASSED_ON_MS = 100;

/**
 * Ends the node once it is asked to, within a bounded time; asked again in the same way, at once. Different ways are
 * one wish: Ctrl-C reaches the whole process group, upon which the parent sends SIGTERM and may be gone itself.
 */
class Stopper {
  private node: FleetNode | undefined;
  private readonly askedAtMs = new Map<string, number>();

  constructor(
    private readonly timeoutMs: number,
    private readonly warn: (message: string) => void,
  ) {}

  started(node: FleetNode): void {
    this.node = node;
    if (this.askedAtMs.size > 0) void this.end(node);
  }

  stop(why: string): void {
    const nowMs = systemClock.monotonicMs();
    const earlierMs = this.askedAtMs.get(why);
    if (earlierMs !== undefined && nowMs - earlierMs >= PASSED_ON_MS) {
      this.warn(`${why} again: ending at once`);
      process.exit(1);
    }
    const isFirst = this.askedAtMs.size === 0;
    this.askedAtMs.set(why, earlierMs ?? nowMs);
    if (!isFirst) return;
    this.warn(`${why}: stopping`);
    setTimeout(() => {
      this.warn(`not stopped in ${this.timeoutMs} ms: ending at once`);
      process.exit(1);
    }, this.timeoutMs).unref();
    if (this.node) void this.end(this.node);
  }

  private async end(node: FleetNode): Promise<void> {
    try {
      await node.close();
      process.exit(0);
    } catch (error) {
      this.warn(`stopping failed: ${String(error)}`);
      process.exit(1);
    }
  }
}

void main();
