import type { Clock, Timer } from '../../../core/clock';
import type { DeadLetters } from '../ports/dead-letters';
import type { InvocationResult } from '../ports/function-runtime';
import type { AsyncSettings, FunctionDefinition } from './function-definition';

export interface AsyncInvocationsOptions {
  clock: Clock;
  /** Before the first attempt. */
  delayMs: number;
  invoke: (definition: FunctionDefinition, requestId: string, payload: unknown) => Promise<InvocationResult>;
  /** As the function stands now: an event that waits is tried with what was deployed meanwhile. */
  current: (functionArn: string) => { definition: FunctionDefinition; settings: AsyncSettings } | undefined;
  deadLetters: DeadLetters;
}

interface Event {
  functionArn: string;
  requestId: string;
  payload: unknown;
  receivedAtMs: number;
  /** Attempts that ran and failed. */
  failures: number;
  /** In a row that found no room. */
  throttles: number;
}

/**
 * "If the function returns an error, Lambda attempts to run it two more times, with a one-minute wait between the first
 * two attempts, and two minutes between the second and third" (Lambda guide, "How Lambda handles errors and retries with
 * asynchronous invocation").
 */
const RETRY_WAITS_MS = [60_000, 120_000];
/** "For throttling errors … the retry interval increases exponentially from 1 second … to a maximum of 5 minutes." */
const FIRST_THROTTLE_WAIT_MS = 1_000;
const MAX_THROTTLE_WAIT_MS = 300_000;

/** Lambda's own queue of asynchronous invocations. */
export class AsyncInvocations {
  private readonly waiting = new Set<Timer>();
  private isClosed = false;

  constructor(private readonly options: AsyncInvocationsOptions) {}

  add(functionArn: string, requestId: string, payload: unknown): void {
    const receivedAtMs = this.options.clock.nowMs();
    this.later(this.options.delayMs, {
      functionArn,
      requestId,
      payload,
      receivedAtMs,
      failures: 0,
      throttles: 0,
    });
  }

  close(): void {
    this.isClosed = true;
    for (const timer of this.waiting) timer.cancel();
    this.waiting.clear();
  }

  private later(delayMs: number, event: Event): void {
    if (this.isClosed) return;
    const timer = this.options.clock.setTimer(delayMs, () => {
      this.waiting.delete(timer);
      void this.attempt(event);
    });
    this.waiting.add(timer);
  }

  /** Never rejects. */
  private async attempt(event: Event): Promise<void> {
    const { clock, current, invoke } = this.options;
    const target = current(event.functionArn);
    // The function was deleted, and what it had to do with it.
    if (!target) return;
    const { definition, settings } = target;
    const result = await invoke(definition, event.requestId, event.payload);
    if (result.ok) return;
    const isThrottled = result.error === 'Throttled';
    if (isThrottled) event.throttles += 1;
    else event.failures += 1;
    const waitMs = isThrottled ? throttleWait(event.throttles) : RETRY_WAITS_MS[event.failures - 1];
    const ageMs = clock.nowMs() + (waitMs ?? 0) - event.receivedAtMs;
    const mayRetry =
      event.failures <= settings.maximumRetryAttempts && ageMs <= settings.maximumEventAgeSeconds * 1_000;
    if (waitMs !== undefined && mayRetry) return this.later(waitMs, event);
    if (definition.deadLetterArn === undefined) return;
    // Lambda guide, "Dead-letter queues": the event as it was, with these attributes.
    this.options.deadLetters.send(definition.deadLetterArn, {
      source: definition.name,
      body: JSON.stringify(event.payload),
      attributes: {
        RequestID: event.requestId,
        ErrorCode: isThrottled ? '429' : '200',
        ErrorMessage: result.message.slice(0, 1_024),
      },
    });
  }
}

function throttleWait(throttles: number): number {
  return Math.min(MAX_THROTTLE_WAIT_MS, FIRST_THROTTLE_WAIT_MS * 2 ** Math.min(throttles - 1, 16));
}
