/** Load balancing, as Auto Scaling uses it. */
export interface TargetGroups {
  /** Idempotent. */
  register(targetGroupArn: string, instanceId: string): void;
  /** New connections end at once, live ones stay. Idempotent. */
  deregister(targetGroupArn: string, instanceId: string): void;
}
