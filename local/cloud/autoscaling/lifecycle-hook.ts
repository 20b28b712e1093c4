export type LifecycleTransition =
  'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING';

export type LifecycleResult = 'CONTINUE' | 'ABANDON';

export interface LifecycleHook {
  name: string;
  transition: LifecycleTransition;
  /** 30 to 7200. Source: API reference, PutLifecycleHook. */
  heartbeatTimeoutSeconds: number;
  /** When nobody completes the action. */
  defaultResult: LifecycleResult;
  notificationMetadata?: string | undefined;
}

const LONGEST_SECONDS = 48 * 3_600;

/** An action lasts 48 hours or 100 heartbeats at most, whichever is less. Source: user guide, lifecycle hooks. */
export function globalTimeoutSeconds({ heartbeatTimeoutSeconds }: LifecycleHook): number {
  return Math.min(LONGEST_SECONDS, 100 * heartbeatTimeoutSeconds);
}
