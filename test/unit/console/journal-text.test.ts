import { consoleEventSchema } from '../../../core/protocol/console';
import { CloudJournal, type CloudOccurrence } from '../../../local/cloud/journal';
import { describeEntry } from '../../../local/console/journal-text';

const OCCURRENCES: [CloudOccurrence, string, string][] = [
  [
    { kind: 'instance-state', instanceId: 'i-1', from: undefined, to: 'pending' },
    'neutral',
    'i-1: new → pending',
  ],
  [
    {
      kind: 'activity',
      activityId: 'a',
      description: 'Launching i-1',
      cause: '…',
      status: 'Failed',
      statusMessage: 'no room',
    },
    'bad',
    'Launching i-1 (Failed): no room',
  ],
  [
    { kind: 'desired-capacity', from: 1, to: 2, cause: 'policy' },
    'warning',
    'Desired capacity 1 → 2: policy',
  ],
  [
    { kind: 'policy', policyName: 'out', alarmName: 'busy', adjustment: 1, outcome: 'done' },
    'neutral',
    'out, asked by busy: +1, done',
  ],
  [
    { kind: 'lifecycle-action', instanceId: 'i-1', hookName: 'drain', event: 'timed-out' },
    'bad',
    'i-1, hook drain: timed-out',
  ],
  [
    { kind: 'retained', instanceId: 'i-1', reason: 'the drain failed' },
    'bad',
    'i-1 is kept: the drain failed',
  ],
  [
    {
      kind: 'refresh',
      refreshId: 'r',
      status: 'RollbackInProgress',
      percentageComplete: 50,
      reason: 'alarm',
    },
    'bad',
    'Instance refresh RollbackInProgress, 50 %: alarm',
  ],
  [
    { kind: 'alarm', alarmName: 'busy', from: 'OK', to: 'ALARM', reason: 'over 0.65', value: 0.7 },
    'warning',
    'busy: OK → ALARM. over 0.65',
  ],
  [
    { kind: 'notification', topicArn: 'arn:aws:sns:x:1:alarms', subject: 'busy' },
    'warning',
    'Notice to alarms: busy',
  ],
  [
    { kind: 'event', source: 'aws.autoscaling', detailType: 'Terminate', rules: [] },
    'neutral',
    'Terminate (aws.autoscaling) → no rule',
  ],
  [
    { kind: 'invocation', functionName: 'drain', outcome: 'TimedOut', tookMs: 2_000.4, message: 'stopped' },
    'bad',
    'drain: TimedOut after 2000 ms: stopped',
  ],
  [
    { kind: 'dead-letter', queueName: 'dead', functionName: 'drain', message: 'why' },
    'bad',
    'drain failed for good, to dead: why',
  ],
  [
    { kind: 'target-health', instanceId: 'i-1', healthy: true },
    'good',
    'i-1 is healthy for the load balancer',
  ],
  [{ kind: 'deployment', message: 'deployed' }, 'neutral', 'deployed'],
];

test.each(OCCURRENCES)('%j is %s: %s', (occurrence, tone, text) => {
  const journal = new CloudJournal({ nowMs: () => 42 });
  journal.add(occurrence);

  const [event] = journal.entries().map(describeEntry);

  expect(consoleEventSchema.parse(event)).toEqual({
    sequence: 1,
    atMs: 42,
    kind: occurrence.kind,
    tone,
    text,
  });
});

test('what is told at length is cut', () => {
  const journal = new CloudJournal({ nowMs: () => 42 });
  journal.add({ kind: 'deployment', message: 'x'.repeat(100_000) });
  expect(journal.entries().map(describeEntry)[0]?.text).toHaveLength(1_000);
});
