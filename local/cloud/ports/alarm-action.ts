export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** An alarm that changed its state, or (for scaling policies) that is still in ALARM a minute later. */
export interface AlarmTrigger {
  alarmName: string;
  alarmArn: string;
  state: AlarmState;
  /** The same as `state` when the action is repeated. */
  previousState: AlarmState;
  /** In CloudWatch's words. */
  reason: string;
  threshold: number;
  /** The newest value that was looked at; undefined when there is none. */
  metricValue: number | undefined;
  /** Milliseconds since 1970. */
  atMs: number;
}

/** What an alarm's action leads to: a scaling policy, a topic. */
export interface AlarmActionTarget {
  /** Whether this target knows the ARN; performs the action if so. Never throws. */
  perform(actionArn: string, trigger: AlarmTrigger): boolean;
}
