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
 * A signal of a terminal reaches the whole process group, and a parent may pass it on too: two within this time
 * are one wish, milliseconds.
 */
const SAME_WISH_MS = 500;

/** Ends the node once it is asked to, within a bounded time; asked twice, at once. */
class Stopper {
  private node: FleetNode | undefined;
  private askedAtMs: number | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly warn: (message: string) => void,
  ) {}

  started(node: FleetNode): void {
    this.node = node;
    if (this.askedAtMs !== undefined) void this.end(node);
  }

  stop(why: string): void {
    const nowMs = systemClock.monotonicMs();
    if (this.askedAtMs !== undefined) {
      if (nowMs - this.askedAtMs < SAME_WISH_MS) return;
      this.warn(`${why} again: ending at once`);
      process.exit(1);
    }
    this.askedAtMs = nowMs;
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
