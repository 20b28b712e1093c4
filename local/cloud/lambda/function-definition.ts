/** A function as the template has it. */
export interface FunctionDefinition {
  name: string;
  arn: string;
  /** Folder with its code. */
  taskRoot: string;
  /** `file.export`. */
  handler: string;
  runtime: string;
  environment: Readonly<Record<string, string>>;
  timeoutSeconds: number;
  memoryMiB: number;
  /** Undefined: no limit but the account's. */
  reservedConcurrency: number | undefined;
  logGroupName: string;
  /** Of what failed for good when it was invoked asynchronously. */
  deadLetterArn: string | undefined;
}

/** How a function is tried again when it was invoked asynchronously. */
export interface AsyncSettings {
  /** After the first attempt, 0 to 2. */
  maximumRetryAttempts: number;
  /** 60 to 21600. */
  maximumEventAgeSeconds: number;
}

/** Lambda API reference, PutFunctionEventInvokeConfig. */
export const DEFAULT_ASYNC_SETTINGS: AsyncSettings = {
  maximumRetryAttempts: 2,
  maximumEventAgeSeconds: 21_600,
};
