/** How one invocation ended. */
export type InvocationResult =
  | { ok: true; payload: unknown }
  | {
      ok: false;
      /** `Unhandled`: the handler threw or the process died. `TimedOut`: it was stopped. `NotFound`: no such function. */
      error: 'Unhandled' | 'TimedOut' | 'NotFound';
      message: string;
    };

export interface AsyncInvocation {
  functionArn: string;
  payload: unknown;
  /** After the first attempt, 0 to 185. */
  retryAttempts: number;
  maximumEventAgeSeconds: number;
  /** Of the queue that takes what failed for good. @default it is dropped */
  deadLetterArn?: string | undefined;
}

/** Lambda. */
export interface FunctionRuntime {
  /** Synchronously; never rejects. Counts in `AWS/Lambda`. */
  invoke(functionArn: string, payload: unknown): Promise<InvocationResult>;
  /** Asynchronously, with Lambda's own retries and the dead-letter queue; never throws. */
  invokeLater(invocation: AsyncInvocation): void;
}
