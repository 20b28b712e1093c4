import { accessSync, constants } from 'node:fs';
import { workerBin } from 'mediasoup';
import { pino } from 'pino';
import type { Clock } from '../core/clock';
import { FleetError } from '../core/errors';
import { parseClockSpeed, ScaledClock } from '../core/scaled-clock';
import type { AwsEnvironment } from './aws/aws-environment';
import { startNode, type FleetNode } from './compose';
import { parseConfig, type NodeConfig } from './config';
import { systemClock } from './system-clock';

/** sysexits.h: the configuration is wrong. Service managers don't restart on it. */
const EX_CONFIG = 78;

async function main(): Promise<void> {
  const settings = await readConfig();
  if (!settings) return;
  const { config, aws } = settings;
  const logger = pino({
    level: config.FLEET_LOG_LEVEL,
    base: { nodeId: config.FLEET_NODE_ID },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  const stopper = new Stopper(config.FLEET_STOP_TIMEOUT_MS, (message) => logger.warn(message));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopper.stop(signal));
  if (config.FLEET_EXIT_WITH_PARENT) process.on('disconnect', () => stopper.stop('parent gone'));
  try {
    aws?.logTo(logger);
    await aws?.checkAnnouncedAddress(config, logger);
    const node = await startNode({
      config,
      workerBin: executableWorker(config.FLEET_WORKER_BIN),
      clock: systemClock,
      random: Math.random,
      logger,
      environment: aws,
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

/** @throws FleetError FLEET_ERR_CONFIG, with what to do: a worker is rarely where mediasoup looks for it. */
function executableWorker(given: string | undefined): string {
  const file = given ?? workerBin;
  try {
    accessSync(file, constants.X_OK);
    return file;
  } catch (cause) {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: given
        ? 'FLEET_WORKER_BIN is not an executable file'
        : `FLEET_WORKER_BIN is not set, and no mediasoup worker is at ${file}: run npm run build, which sets one up (node scripts/setup/setup.mjs --for start) and prints its path`,
      cause,
    });
  }
}

async function readConfig(): Promise<{ config: NodeConfig; aws: AwsEnvironment | undefined } | undefined> {
  try {
    if (process.env.FLEET_AWS !== '1') return { config: parseConfig(process.env), aws: undefined };
    // Loaded only where it is used: the SDK is most of the app.
    const { AwsEnvironment } = await import('./aws/aws-environment.js');
    const aws = await AwsEnvironment.prepare({
      environment: process.env,
      clock: awsClock(process.env.FLEET_CLOCK),
      random: Math.random,
    });
    return { config: parseConfig(aws.variables), aws };
  } catch (error) {
    const { code, message, cause } = FleetError.from(error);
    process.stderr.write(
      `${code}: ${code === 'FLEET_ERR_INTERNAL' && cause ? startFailure(error) : message}\n`,
    );
    // Only what stays wrong is worth no other try.
    process.exitCode = code === 'FLEET_ERR_CONFIG' ? EX_CONFIG : 1;
    return undefined;
  }
}

/** AWS' own time, unless a cloud that runs faster says which. @throws FleetError FLEET_ERR_CONFIG */
function awsClock(text: string | undefined): Clock {
  if (!text) return systemClock;
  const speed = parseClockSpeed(text);
  if (!speed) throw new FleetError('FLEET_ERR_CONFIG', { message: 'FLEET_CLOCK must be speed@origin' });
  return new ScaledClock(systemClock, speed);
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
