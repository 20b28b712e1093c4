/** An event as a service puts it on the default bus; id, time, account and region are added there. */
export interface BusEvent {
  /** E.g. `aws.autoscaling`. */
  source: string;
  /** E.g. `EC2 Instance-terminate Lifecycle Action`. */
  detailType: string;
  detail: Readonly<Record<string, unknown>>;
  /** ARNs. @default none */
  resources?: readonly string[];
}

/** EventBridge's default bus. */
export interface EventBus {
  /** Matches the rules, and delivers to their targets later; never throws. */
  publish(event: BusEvent): void;
}
