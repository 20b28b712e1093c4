import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
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
  /** Loopback, beside the socket: who has a host and a port and not a path connects here. */
  port: number;
  /** Clients have to give it. @default none */
  password: string | undefined;
  watchdog: Watchdog;
  clock: Clock;
  /** @default 5000 */
  startTimeoutMs?: number;
}

const LOOPBACK = '127.0.0.1';

/** Linux takes 107 characters for a socket's path, macOS 103. */
const MAX_SOCKET_PATH = 103;
/** Several leases, milliseconds. */
const GENERATION_AGE_MS = 60_000;

/** A Redis of this run's own: on loopback and a Unix socket in the run's folder, nothing of it written to disk. */
export class PrivateRedis {
  private constructor(
    private readonly group: ChildGroup,
    private readonly socketPath: string,
    private readonly options: Pick<PrivateRedisOptions, 'clock' | 'password' | 'port'>,
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
    const { port, password } = options;
    // In a file: arguments are there for all to read.
    const configFile = join(options.folder, 'redis.conf');
    const auth = password === undefined ? '' : `requirepass "${password}"\n`;
    // The title names the run, for who looks through a list of processes.
    const title = 'proc-title-template "{title} {config-file}"\n';
    await writeFile(configFile, `bind ${LOOPBACK}\nport ${port}\n${title}${auth}`, { mode: 0o600 });
    const group = new ChildGroup({
      command: options.serverBin,
      args: [
        configFile,
        ...['--unixsocket', socketPath, '--unixsocketperm', '700'],
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
      async () => exit !== undefined || (await ask({ socketPath, password }, 'PING')) === '+PONG',
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
    return new PrivateRedis(group, socketPath, options, logFile);
  }

  /** As `FLEET_REDIS_URL` takes it; without the password. */
  get url(): string {
    return `redis://${LOOPBACK}:${this.options.port}`;
  }

  get address(): { host: string; port: number } {
    return { host: LOOPBACK, port: this.options.port };
  }

  get password(): string | undefined {
    return this.options.password;
  }

  /**
   * Tells placement that this Redis has forgotten nothing. Otherwise the first nodes wait for a lease's time whether
   * somebody still holds rooms from before. Only for a server that no node has used yet.
   */
  async declareNew(keyPrefix: string): Promise<void> {
    const { clock, password } = this.options;
    const beganUs = (clock.nowMs() - GENERATION_AGE_MS) * 1_000;
    const answer = await ask(
      { socketPath: this.socketPath, password },
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
function ask(
  { socketPath, password }: { socketPath: string; password: string | undefined },
  ...command: string[]
): Promise<string | undefined> {
  const commands = password === undefined ? [command] : [['AUTH', password], command];
  return new Promise((resolve) => {
    const socket = connect(socketPath, () =>
      socket.write(commands.map((words) => `${words.join(' ')}\r\n`).join('')),
    );
    let answer = '';
    socket.setTimeout(500, () => socket.destroy());
    socket.on('data', (data) => {
      answer += data.toString();
      const lines = answer.split('\r\n');
      // The last part is what comes after the last line's end.
      if (lines.length <= commands.length) return;
      resolve(lines[commands.length - 1]);
      socket.destroy();
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(undefined));
  });
}
