import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock, Timer } from '../../../core/clock';
import type { ClockSpeed } from '../../../core/scaled-clock';
import { ChildGroup, type ChildExit } from '../../fleet-runner/child-group';
import type { Watchdog } from '../../fleet-runner/watchdog';
import type { InvocationResult } from '../ports/function-runtime';
import type { FunctionDefinition } from './function-definition';

export interface ExecutionEnvironmentOptions {
  definition: FunctionDefinition;
  /** All that the process has. */
  variables: Readonly<Record<string, string>>;
  /** What the function takes for the time of day. Undefined: the machine's. */
  clockSpeed: ClockSpeed | undefined;
  watchdog: Watchdog;
  /** The machine's: a function's own work takes real time, however fast the cloud's goes. */
  realClock: Clock;
  /** Each line of its output. */
  onLine: (line: string) => void;
}

const BOOTSTRAP = join(__dirname, 'bootstrap.cjs');

/** "The Init phase is limited to 10 seconds"; what takes longer goes on at the cost of the invocation (Lambda guide). */
const INIT_LIMIT_MS = 10_000;

type Message =
  | { type: 'ready' }
  | { type: 'initFailed'; errorType: string; errorMessage: string }
  | { type: 'result'; requestId: string; payload: string }
  | { type: 'error'; requestId: string; errorType: string; errorMessage: string };

/** One process that serves one invocation at a time. Once it failed as a whole it is not {@link alive} any more. */
export class ExecutionEnvironment {
  private readonly group: ChildGroup;
  private readonly initialized: Promise<InvocationResult>;
  private onMessage: ((message: Message) => void) | undefined;

  constructor(private readonly options: ExecutionEnvironmentOptions) {
    const { definition, variables, watchdog, realClock, clockSpeed } = options;
    this.group = new ChildGroup({
      command: process.execPath,
      args: [`--max-old-space-size=${definition.memoryMiB}`, BOOTSTRAP],
      spawn: {
        cwd: definition.taskRoot,
        env: { ...variables },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
      watchdog,
      clock: realClock,
    });
    const { child } = this.group;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream, crlfDelay: Infinity }).on('line', options.onLine);
    }
    child.on('message', (message) => this.onMessage?.(message as Message));
    // A message that can't be sent: the exit tells.
    child.on('error', () => undefined);
    this.initialized = this.answer((message) => {
      if (message.type === 'ready') return { ok: true, payload: null };
      return message.type === 'initFailed' ? failed(message) : undefined;
    });
    this.send({
      type: 'init',
      taskRoot: definition.taskRoot,
      handler: definition.handler,
      clock: clockSpeed,
    });
  }

  get alive(): boolean {
    return this.group.alive;
  }

  /**
   * Never rejects. The time-out of the template is in real time: see {@link ExecutionEnvironmentOptions.realClock}.
   * @param isFirst its start is not over yet
   */
  async invoke(requestId: string, event: unknown, isFirst: boolean): Promise<InvocationResult> {
    const { definition, realClock } = this.options;
    const timeoutMs = definition.timeoutSeconds * 1_000;
    let timedOut = false;
    const expire = (): void => {
      timedOut = true;
      this.group.kill();
    };
    let timer: Timer = realClock.setTimer(timeoutMs + (isFirst ? INIT_LIMIT_MS : 0), expire);
    try {
      let result = await this.initialized;
      if (result.ok) {
        timer.cancel();
        timer = realClock.setTimer(timeoutMs, expire);
        result = await this.call(requestId, event, timeoutMs);
      } else {
        // The next invocation starts another one.
        await this.end();
      }
      if (!timedOut) return result;
      const message = `Task timed out after ${definition.timeoutSeconds.toFixed(2)} seconds`;
      return { ok: false, error: 'TimedOut', message };
    } finally {
      timer.cancel();
    }
  }

  /** SIGKILL, as nothing can be lost between invocations. Idempotent. */
  async end(): Promise<void> {
    this.group.kill();
    await this.group.exited;
  }

  private call(requestId: string, event: unknown, timeoutMs: number): Promise<InvocationResult> {
    const answer = this.answer((message) => {
      if (!('requestId' in message) || message.requestId !== requestId) return undefined;
      if (message.type === 'error') return failed(message);
      return { ok: true, payload: JSON.parse(message.payload) as unknown };
    });
    this.send({ type: 'invoke', requestId, event, timeoutMs, functionArn: this.options.definition.arn });
    return answer;
  }

  /** What the first message that is an answer says, or that the process died. */
  private answer(read: (message: Message) => InvocationResult | undefined): Promise<InvocationResult> {
    return new Promise((resolve) => {
      const settle = (result: InvocationResult): void => {
        this.onMessage = undefined;
        resolve(result);
      };
      this.onMessage = (message) => {
        const result = read(message);
        if (result) settle(result);
      };
      void this.group.exited.then((exit) => settle(died(exit)));
    });
  }

  private send(message: object): void {
    // The callback takes what would be an event; a process that is gone is told by its exit.
    if (this.group.child.connected) this.group.child.send(message, () => undefined);
  }
}

function failed({ errorType, errorMessage }: { errorType: string; errorMessage: string }): InvocationResult {
  return { ok: false, error: 'Unhandled', message: `${errorType}: ${errorMessage}` };
}

/** In the words of Lambda's log. */
function died({ code, signal, error }: ChildExit): InvocationResult {
  const how = error ? error.message : signal === null ? `exit status ${code}` : `signal: ${signal}`;
  return {
    ok: false,
    error: 'Unhandled',
    message: `Runtime.ExitError: Runtime exited with error: ${how}`,
  };
}
