import { connect } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../core/clock';
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

/** A Redis of this run's own: on a Unix socket in the run's folder, nothing written to disk. */
export class PrivateRedis {
  private constructor(
    private readonly group: ChildGroup,
    /** As ioredis and `FLEET_REDIS_URL` take it. */
    readonly url: string,
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
    const answered = await pollUntil(async () => exit !== undefined || (await answersPing(socketPath)), {
      clock: options.clock,
      intervalMs: 10,
      timeoutMs: options.startTimeoutMs ?? 5_000,
    });
    if (exit || !answered) {
      await group.stop(1_000);
      const reason = exit?.error?.message ?? (await lastLine(logFile));
      throw new RunnerError(`${options.serverBin} did not start: ${reason ?? 'it said nothing'}`);
    }
    return new PrivateRedis(group, socketPath, logFile);
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

function answersPing(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write('PING\r\n'));
    socket.setTimeout(500, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(false));
  });
}
