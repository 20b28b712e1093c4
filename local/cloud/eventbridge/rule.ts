import type { EventPattern } from './event-pattern';
import type { Schedule } from './schedule';

/** What a rule calls. */
export interface RuleTarget {
  id: string;
  /** Of a function. */
  arn: string;
  /** In place of the event: JSON. */
  input?: string | undefined;
  /** A part of the event, e.g. `$.detail`. */
  inputPath?: string | undefined;
  /** Where events go that can't be delivered. */
  deadLetterArn?: string | undefined;
  /** Kept for those who ask: see {@link EventBridge}. */
  retryPolicy?: { maximumRetryAttempts?: number | undefined; maximumEventAgeInSeconds?: number | undefined };
}

export interface RuleSettings {
  name: string;
  description?: string | undefined;
  /** JSON. */
  eventPattern?: string | undefined;
  scheduleExpression?: string | undefined;
  state: 'ENABLED' | 'DISABLED';
}

export interface Rule extends RuleSettings {
  arn: string;
  matches: EventPattern | undefined;
  schedule: Schedule | undefined;
  /** By id. */
  targets: Map<string, RuleTarget>;
}
