import type { CloudIdentity } from '../cloud-identity';
import type { CloudJournal } from '../journal';
import type { AlarmActionTarget, AlarmTrigger } from '../ports/alarm-action';

export interface TopicsOptions {
  identity: CloudIdentity;
  journal: CloudJournal;
}

export interface Subscription {
  protocol: string;
  endpoint: string;
}

/** SNS: notes in the journal what it would send. Nothing leaves the machine. */
export class Topics implements AlarmActionTarget {
  /** Subscriptions by their ARN, by the topic's. */
  private readonly byArn = new Map<string, Map<string, Subscription>>();

  constructor(private readonly options: TopicsOptions) {}

  /** Idempotent, as CreateTopic is. @returns the ARN */
  create(name: string): string {
    const { partition, region, account } = this.options.identity;
    const arn = `arn:${partition}:sns:${region}:${account}:${name}`;
    if (!this.byArn.has(arn)) this.byArn.set(arn, new Map());
    return arn;
  }

  /** Idempotent. */
  delete(arn: string): void {
    this.byArn.delete(arn);
  }

  /** @returns the ARN of the subscription @throws Error when there is no such topic */
  subscribe(topicArn: string, id: string, subscription: Subscription): string {
    const topic = this.byArn.get(topicArn);
    if (!topic) throw new Error(`there is no topic ${topicArn}`);
    const arn = `${topicArn}:${id}`;
    topic.set(arn, subscription);
    return arn;
  }

  /** Idempotent. */
  unsubscribe(topicArn: string, id: string): void {
    this.byArn.get(topicArn)?.delete(`${topicArn}:${id}`);
  }

  /** Who would get what is sent to a topic. */
  subscriptions(topicArn: string): readonly Subscription[] {
    return [...(this.byArn.get(topicArn)?.values() ?? [])];
  }

  perform(actionArn: string, { state, alarmName }: AlarmTrigger): boolean {
    if (!this.byArn.has(actionArn)) return false;
    // CloudWatch's subject, which has the region's long name in place of its code.
    const subject = `${state}: "${alarmName}" in ${this.options.identity.region}`;
    this.options.journal.add({ kind: 'notification', topicArn: actionArn, subject });
    return true;
  }
}
