import type { StaticOperationSchema } from '@smithy/types';

/** One operation of a service. Each is a file of its own, named as the operation. */
export interface Operation {
  /** The SDK's own model: name, input, output. */
  readonly model: StaticOperationSchema;
  /** @throws ServiceError */
  readonly handle: (input: unknown) => unknown;
}

/**
 * Binds an operation to the SDK's model of it (`CompleteLifecycleAction$` of the client's package) and to the SDK's types
 * of its command. The wire layer has checked the input's types by the model; what is required is the handler's to check.
 */
export function operation<Input, Output>(
  model: StaticOperationSchema,
  handle: (input: Input) => Output | Promise<Output>,
): Operation {
  return { model, handle: (input) => handle(input as Input) };
}
