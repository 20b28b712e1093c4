/** How one invocation ended. */
export type InvocationResult =
  | { ok: true; payload: unknown }
  | {
      ok: false;
      /**
       * `Unhandled`: the handler threw or the process died. `TimedOut`: it was stopped. `NotFound`: no such function.
       * `Throttled`: as many run as may.
       */
      error: 'Unhandled' | 'TimedOut' | 'NotFound' | 'Throttled';
      message: string;
    };

/** Lambda. */
export interface FunctionRuntime {
  /** Synchronously; never rejects. Counts in `AWS/Lambda`. */
  invoke(functionArn: string, payload: unknown): Promise<InvocationResult>;
  /**
   * Asynchronously: Lambda has taken it, tries again by the function's own settings when it fails, and then gives it to
   * the function's dead-letter queue. Whoever invokes never hears of that. False: there is no such function.
   */
  invokeLater(functionArn: string, payload: unknown): boolean;
}
