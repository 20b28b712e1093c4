/**
 * What the Lambdas count, in the fleet's namespace and with its one dimension; written through their logs (CloudWatch
 * embedded metric format), since in the VPC they reach no metrics endpoint.
 */
export const CARETAKER_METRICS = [
  /** A drain ended with peers left: its instance is retained. Alarm on any. */
  'DrainsFailed',
  /** Lifecycle actions completed with CONTINUE. */
  'DrainsCompleted',
  /** Instances in service whose node is proven dead, reported unhealthy. */
  'NodesReplaced',
  /** Instances kept after a failed drain, at each sweep. */
  'RetainedInstances',
  /** Instances whose termination waits for their drain, at each sweep. */
  'TerminatingInstances',
  /** A sweep or an event that placement's Redis did not answer. */
  'StoreUnavailable',
  /** The termination policy answered without placement's numbers. */
  'UninformedTerminations',
] as const;

export type CaretakerMetric = (typeof CARETAKER_METRICS)[number];
