import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../core/clock';
import { redisKeys } from '../../core/redis-keys';
import { ChildGroup, type ChildExit } from './child-group';
import { pollUntil } from './poll-until';
import { lastLine } from './last-line';
import { RunnerError } from '../runner-error';
import type { Watchdog } from './watchdog';

export interface PrivateRedisOptions {
  /** The redis-server to run. */
  serverBin: string;
  /** A folder that only this user can enter: whoever can reach the socket may do everything. */
  folder: string;
  watchdog: Watchdog;
  clock: Clock;
  /** @default 5000 */
  startTimeoutMs?: number;
}

/** Linux takes 107 characters for a socket's path, macOS 103. */
const MAX_SOCKET_PATH = 103;
/** Several leases, milliseconds. */
const GENERATION_AGE_MS = 60_000;

/** A Redis of this run's own: on a Unix socket in the run's folder, nothing written to disk. */
export class PrivateRedis {
  private constructor(
    private readonly group: ChildGroup,
    private readonly socketPath: string,
    private readonly clock: Clock,
    /** Its whole log. */
    readonly logFile: string,
  ) {}

  /** @throws RunnerError when it does not start */
  static async start(options: PrivateRedisOptions): Promise<PrivateRedis> {
    const socketPath = join(options.folder, 'redis.sock');
    if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
      throw new RunnerError(
        `the folder for temporary files has too long a name for a socket in it: TMPDIR=/tmp npm start`,
      );
    }
    const logFile = join(options.folder, 'redis.log');
    const group = new ChildGroup({
      command: options.serverBin,
      args: [
        ...['--port', '0', '--unixsocket', socketPath, '--unixsocketperm', '700'],
        ...['--save', '', '--appendonly', 'no', '--dir', options.folder],
        ...['--daemonize', 'no', '--loglevel', 'notice', '--logfile', logFile],
      ],
      spawn: { stdio: 'ignore' },
      watchdog: options.watchdog,
      clock: options.clock,
    });
    let exit: ChildExit | undefined;
    void group.exited.then((value) => (exit = value));
    const answered = await pollUntil(
      async () => exit !== undefined || (await ask(socketPath, 'PING')) === '+PONG',
      {
        clock: options.clock,
        intervalMs: 10,
        timeoutMs: options.startTimeoutMs ?? 5_000,
      },
    );
    if (exit || !answered) {
      await group.stop(1_000);
      const reason = exit?.error?.message ?? (await lastLine(logFile));
      throw new RunnerError(`${options.serverBin} did not start: ${reason ?? 'it said nothing'}`);
    }
    return new PrivateRedis(group, socketPath, options.clock, logFile);
  }

  /** As `FLEET_REDIS_URL` takes it. */
  get url(): string {
    return `unix://${pathToFileURL(this.socketPath).pathname}`;
  }

  /**
   * Tells placement that this Redis has forgotten nothing. Otherwise the first nodes wait for a lease's time whether
   * somebody still holds rooms from before. Only for a server that no node has used yet.
   */
  async declareNew(keyPrefix: string): Promise<void> {
    const beganUs = (this.clock.nowMs() - GENERATION_AGE_MS) * 1_000;
    const answer = await ask(
      this.socketPath,
      'SET',
      redisKeys(keyPrefix).generation,
      String(Math.round(beganUs)),
    );
    if (answer !== '+OK') throw new RunnerError(`Redis refused a write: ${answer ?? 'it did not answer'}`);
  }

  /** Resolves when the server is gone, whatever the reason. */
  get exited(): Promise<ChildExit> {
    return this.group.exited;
  }

  /** Idempotent. Killed when it has not ended after `graceMs`. */
  stop(graceMs: number): Promise<void> {
    return this.group.stop(graceMs);
  }
}

/** One command whose words have no spaces; gives the first line of the answer, or `undefined` when there is none. */
function ask(socketPath: string, ...command: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write(`${command.join(' ')}\r\n`));
    socket.setTimeout(500, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString().split('\r\n')[0]);
      socket.destroy();
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(undefined));
  });
}
