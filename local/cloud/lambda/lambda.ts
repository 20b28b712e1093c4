import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../core/clock';
import type { ClockSpeed } from '../../../core/scaled-clock';
import type { Watchdog } from '../../fleet-runner/watchdog';
import type { CloudLatencies } from '../cloud-latencies';
import type { CloudJournal } from '../journal';
import type { DeadLetters } from '../ports/dead-letters';
import type { FunctionRuntime, InvocationResult } from '../ports/function-runtime';
import type { MetricSink, MetricValue } from '../ports/metric-sink';
import { AsyncInvocations } from './async-invocations';
import { EnvironmentPool } from './environment-pool';
import { environmentVariables, type RuntimeVariables } from './environment-variables';
import { ExecutionEnvironment } from './execution-environment';
import { DEFAULT_ASYNC_SETTINGS, type AsyncSettings, type FunctionDefinition } from './function-definition';
import type { FunctionLog } from './function-log';

export interface LambdaOptions extends RuntimeVariables {
  clock: Clock;
  /** The machine's: time-outs are in real time, as the functions' work is. */
  realClock: Clock;
  /** So that functions agree with the cloud on the time of day. Undefined: it is the machine's. */
  clockSpeed?: ClockSpeed | undefined;
  latencies: Pick<CloudLatencies, 'functionColdStartMs'>;
  watchdog: Watchdog;
  metrics: MetricSink;
  journal: Pick<CloudJournal, 'add'>;
  deadLetters: DeadLetters;
  log: FunctionLog;
  /** Metrics in a line of a function's output: CloudWatch's embedded metric format. @default none */
  readMetrics?: (line: string) => readonly MetricValue[];
  /** Of all functions together; more are throttled. Each is a process with up to the function's memory. @default 8 */
  maxEnvironments?: number;
  /**
   * How long an environment without work stays, by the cloud's clock, milliseconds. AWS documents no time; some minutes
   * are seen. @default 600_000
   */
  idleMs?: number;
}

/** The functions of the deployment. Bundled code runs in processes of its own, which end with this one. */
export class Lambda implements FunctionRuntime {
  /** By ARN. */
  private readonly functions = new Map<string, FunctionDefinition>();
  private readonly settings = new Map<string, AsyncSettings>();
  private readonly pool: EnvironmentPool;
  private readonly queue: AsyncInvocations;
  private isClosed = false;

  constructor(private readonly options: LambdaOptions) {
    const { clock, maxEnvironments = 8, idleMs = 600_000, deadLetters } = options;
    this.pool = new EnvironmentPool({
      clock,
      maxEnvironments,
      idleMs,
      create: (definition) => this.createEnvironment(definition),
    });
    this.queue = new AsyncInvocations({
      clock,
      delayMs: 0,
      deadLetters,
      invoke: (definition, requestId, payload) => this.run(definition, requestId, payload),
      current: (functionArn) => {
        const definition = this.functions.get(functionArn);
        return definition && { definition, settings: this.settingsOf(functionArn) };
      },
    });
  }

  /** Also in place of the function of that ARN: new invocations run the new one. */
  put(definition: FunctionDefinition): void {
    this.functions.set(definition.arn, definition);
    this.pool.retire(definition.arn);
  }

  delete(functionArn: string): void {
    this.functions.delete(functionArn);
    this.settings.delete(functionArn);
    this.pool.retire(functionArn);
  }

  /** Undefined: the defaults. */
  configureAsync(functionArn: string, settings: AsyncSettings | undefined): void {
    if (settings) this.settings.set(functionArn, settings);
    else this.settings.delete(functionArn);
  }

  /** By ARN (with a version or without), or by name. */
  find(functionId: string): FunctionDefinition | undefined {
    const [arn] = /^arn:[^:]+:lambda:[^:]+:[^:]+:function:[^:]+/.exec(functionId) ?? [];
    if (arn !== undefined) return this.functions.get(arn);
    return [...this.functions.values()].find(({ name }) => name === functionId);
  }

  async invoke(functionArn: string, payload: unknown): Promise<InvocationResult> {
    const definition = this.find(functionArn);
    if (!definition || this.isClosed) {
      const message = `Function not found: ${functionArn}`;
      const functionName = functionArn.split(':').at(-1) ?? functionArn;
      this.options.journal.add({ kind: 'invocation', functionName, outcome: 'NotFound', tookMs: 0, message });
      return { ok: false, error: 'NotFound', message };
    }
    return this.run(definition, randomUUID(), payload);
  }

  invokeLater(functionArn: string, payload: unknown): boolean {
    const definition = this.find(functionArn);
    if (!definition || this.isClosed) return false;
    this.queue.add(definition.arn, randomUUID(), payload);
    return true;
  }

  /** Ends all of its processes. Idempotent. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.queue.close();
    await this.pool.close();
  }

  private async run(
    definition: FunctionDefinition,
    requestId: string,
    payload: unknown,
  ): Promise<InvocationResult> {
    const { realClock, clock, latencies } = this.options;
    const atMs = clock.nowMs();
    const lent = this.isClosed ? undefined : this.pool.take(definition);
    if (!lent) {
      const message = 'Rate Exceeded.';
      return this.finish({ definition, atMs, tookMs: 0 }, { ok: false, error: 'Throttled', message });
    }
    const startedAtMs = realClock.monotonicMs();
    try {
      if (lent.isNew) await waitFor(clock, latencies.functionColdStartMs);
      const result = await lent.environment.invoke(requestId, payload, lent.isNew);
      const tookMs = realClock.monotonicMs() - startedAtMs;
      return this.finish({ definition, atMs, tookMs }, result);
    } finally {
      lent.release();
    }
  }

  private finish(
    { definition, atMs, tookMs }: { definition: FunctionDefinition; atMs: number; tookMs: number },
    result: InvocationResult,
  ): InvocationResult {
    const isThrottled = !result.ok && result.error === 'Throttled';
    const value = (name: string, amount: number, unit = 'Count'): MetricValue => ({
      namespace: 'AWS/Lambda',
      name,
      dimensions: { FunctionName: definition.name },
      value: amount,
      // "The timestamp on a metric reflects when the function was invoked" (Lambda guide, metrics).
      atMs,
      unit,
    });
    // "Throttled requests … don't count as either Invocations or Errors."
    this.options.metrics.record(
      isThrottled
        ? [value('Throttles', 1)]
        : [
            value('Invocations', 1),
            value('Errors', result.ok ? 0 : 1),
            value('Throttles', 0),
            value('Duration', tookMs, 'Milliseconds'),
          ],
    );
    this.options.journal.add({
      kind: 'invocation',
      functionName: definition.name,
      outcome: result.ok ? 'ok' : result.error,
      tookMs: Math.round(tookMs),
      ...(!result.ok && { message: result.message }),
    });
    return result;
  }

  private createEnvironment(definition: FunctionDefinition): ExecutionEnvironment {
    const { log, metrics, readMetrics, watchdog, realClock, clockSpeed } = this.options;
    return new ExecutionEnvironment({
      definition,
      variables: environmentVariables(definition, this.options),
      clockSpeed,
      watchdog,
      realClock,
      onLine: (line) => {
        log.write(definition.name, line);
        const values = readMetrics?.(line) ?? [];
        if (values.length > 0) metrics.record(values);
      },
    });
  }

  private settingsOf(functionArn: string): AsyncSettings {
    return this.settings.get(functionArn) ?? DEFAULT_ASYNC_SETTINGS;
  }
}

function waitFor(clock: Clock, delayMs: number): Promise<void> {
  if (delayMs === 0) return Promise.resolve();
  return new Promise((resolve) => clock.setTimer(delayMs, resolve));
}
