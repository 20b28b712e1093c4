import { CloudJournal } from '../../../local/cloud/journal';
import { subscriptionResource } from '../../../local/cloud/sns/resources/subscription';
import { topicPolicyResource } from '../../../local/cloud/sns/resources/topic-policy';
import { topicResource } from '../../../local/cloud/sns/resources/topic';
import { Topics } from '../../../local/cloud/sns/topics';
import { ManualClock } from '../../helpers/manual-clock';

const IDENTITY = { region: 'eu-central-1', account: '123456789012', partition: 'aws' };

const TRIGGER = {
  alarmName: 'busy',
  alarmArn: 'arn:aws:cloudwatch:eu-central-1:123456789012:alarm:busy',
  state: 'ALARM',
  previousState: 'OK',
  reason: 'because',
  threshold: 1,
  metricValue: 2,
  atMs: 0,
} as const;

function input<Properties>(logicalId: string, properties: Properties) {
  return { stackName: 'fleet-network', logicalId, properties, updatePolicy: undefined };
}

it('notes what it would send, to topics that it has', async () => {
  const journal = new CloudJournal(new ManualClock());
  const topics = new Topics({ identity: IDENTITY, journal });
  const { ref, attributes } = await topicResource(topics).create(input('Topic', {}));
  expect(ref).toBe('arn:aws:sns:eu-central-1:123456789012:fleet-network-Topic');
  expect(attributes).toEqual({ TopicArn: ref, TopicName: 'fleet-network-Topic' });
  expect(topics.perform(ref, TRIGGER)).toBe(true);
  expect(topics.perform(`${ref}2`, TRIGGER)).toBe(false);
  expect(journal.entries()).toMatchObject([
    { kind: 'notification', topicArn: ref, subject: 'ALARM: "busy" in eu-central-1' },
  ]);
});

it('knows who listens, until the resource leaves the template', async () => {
  const topics = new Topics({ identity: IDENTITY, journal: new CloudJournal(new ManualClock()) });
  const { ref } = await topicResource(topics).create(input('Topic', { TopicName: 'alarms' }));
  const type = subscriptionResource(topics);
  const subscription = input('OnCall', { TopicArn: ref, Protocol: 'email', Endpoint: 'a@example.com' });
  await type.create(subscription);
  const changed = input('OnCall', { ...subscription.properties, Endpoint: 'b@example.com' });
  await type.update?.(changed, subscription);
  expect(topics.subscriptions(ref)).toEqual([{ protocol: 'email', endpoint: 'b@example.com' }]);
  await type.remove?.(changed);
  expect(topics.subscriptions(ref)).toEqual([]);
  await topicResource(topics).remove?.(input('Topic', { TopicName: 'alarms' }));
  expect(topics.perform(ref, TRIGGER)).toBe(false);
  expect(() => type.create(subscription)).toThrow(`there is no topic ${ref}`);
});

it('has nothing to do for a policy', async () => {
  expect(await topicPolicyResource().create(input('Policy', {}))).toEqual({ ref: 'fleet-network-Policy' });
});
