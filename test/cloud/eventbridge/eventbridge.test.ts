import { EventBridge } from '../../../local/cloud/eventbridge/eventbridge';
import { parseSchedule } from '../../../local/cloud/eventbridge/schedule';
import { Sqs } from '../../../local/cloud/sqs/sqs';
import { ManualClock } from '../../helpers/manual-clock';
import { Recording } from '../lambda/recording';

const IDENTITY = { region: 'eu-central-1', account: '123456789012', partition: 'aws' };
const FUNCTION = 'arn:aws:lambda:eu-central-1:123456789012:function:drain';
const QUEUE = 'arn:aws:sqs:eu-central-1:123456789012:dead';

let clock: ManualClock;
let recording: Recording;
let sqs: Sqs;
let invoked: { functionArn: string; payload: unknown; atMs: number }[];
let bus: EventBridge;

beforeEach(() => {
  clock = new ManualClock();
  recording = new Recording();
  invoked = [];
  sqs = new Sqs({ clock, metrics: recording, journal: recording });
  sqs.put(QUEUE, { name: 'dead', retentionSeconds: 3_600 });
  bus = new EventBridge({
    identity: IDENTITY,
    clock,
    latencies: { eventDelayMs: 500 },
    functions: {
      invokeLater: (functionArn, payload) => {
        if (functionArn !== FUNCTION) return false;
        invoked.push({ functionArn, payload, atMs: clock.nowMs() });
        return true;
      },
    },
    deadLetters: sqs,
    journal: recording,
  });
});
afterEach(() => {
  bus.close();
  sqs.close();
});

const EVENT = { source: 'aws.ec2', detailType: 'Rebalance', detail: { 'instance-id': 'i-1' } };

function rule(name: string, more: object = {}): void {
  bus.putRule({ name, eventPattern: JSON.stringify({ source: ['aws.ec2'] }), state: 'ENABLED', ...more });
  bus.putTargets(name, [{ id: 'a', arn: FUNCTION, deadLetterArn: QUEUE }]);
}

test('an event reaches the target of each rule that fits, a moment later, whole', async () => {
  rule('fits');
  rule('fits-not', { eventPattern: '{"source":["aws.ecs"]}' });
  rule('disabled', { state: 'DISABLED' });
  const startedAtMs = clock.nowMs();

  bus.publish({ ...EVENT, resources: ['arn:x'] });
  await clock.advance(499);
  expect(invoked).toEqual([]);
  await clock.advance(1);

  expect(invoked).toEqual([
    {
      functionArn: FUNCTION,
      atMs: startedAtMs + 500,
      payload: {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        'detail-type': 'Rebalance',
        source: 'aws.ec2',
        account: '123456789012',
        time: '1970-01-01T00:16:40Z',
        region: 'eu-central-1',
        resources: ['arn:x'],
        detail: { 'instance-id': 'i-1' },
      },
    },
  ]);
  expect(recording.occurrences).toContainEqual({
    kind: 'event',
    source: 'aws.ec2',
    detailType: 'Rebalance',
    rules: ['fits'],
  });
});

test('a target gets what it is to get', async () => {
  rule('all');
  bus.putTargets('all', [
    { id: 'a', arn: FUNCTION, input: '{"fixed":[1]}' },
    { id: 'b', arn: FUNCTION, inputPath: '$.detail.instance-id' },
    { id: 'c', arn: FUNCTION, inputPath: '$.detail.nobody' },
  ]);
  bus.publish(EVENT);
  await clock.advance(500);
  expect(invoked.map(({ payload }) => payload)).toEqual([{ fixed: [1] }, 'i-1', null]);
});

test.each([{ input: '{' }, { inputPath: 'detail' }])('a target can not be given %j', (more) => {
  rule('all');
  expect(() => bus.putTargets('all', [{ id: 'a', arn: FUNCTION, ...more }])).toThrow('for target a.');
});

test('what no function takes is a dead letter, which the queue counts each minute', async () => {
  rule('all');
  bus.putTargets('all', [{ id: 'a', arn: `${FUNCTION}-gone`, deadLetterArn: QUEUE }]);
  bus.publish(EVENT);
  await clock.advance(60_000);

  expect(sqs.letters(QUEUE)).toMatchObject([
    { source: 'all', attributes: { ERROR_CODE: 'RESOURCE_NOT_FOUND', TARGET_ARN: `${FUNCTION}-gone` } },
  ]);
  expect(JSON.parse(sqs.letters(QUEUE)[0]?.body ?? '')).toMatchObject({ source: 'aws.ec2' });
  expect(recording.values).toMatchObject([
    {
      namespace: 'AWS/SQS',
      name: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: 'dead' },
      value: 1,
    },
  ]);
  await clock.advance(3_600_000);
  expect(recording.values.at(-1)?.value).toBe(0);
});

test('faults: the next event is dropped, or comes twice, and then all is well again', async () => {
  rule('all');
  bus.faults.dropNext('Rebalance');
  bus.publish({ ...EVENT, detailType: 'Another' });
  bus.publish(EVENT);
  await clock.advance(500);
  expect(invoked.map(({ payload }) => (payload as { 'detail-type': string })['detail-type'])).toEqual([
    'Another',
  ]);

  bus.faults.duplicateNext('Rebalance');
  bus.publish(EVENT);
  bus.publish(EVENT);
  await clock.advance(500);
  const ids = invoked.slice(1).map(({ payload }) => (payload as { id: string }).id);
  expect(ids).toHaveLength(3);
  // The same event, as with delivery at least once.
  expect(new Set(ids).size).toBe(2);
});

test('a rate fires after each interval, for its own rule, until it is disabled or closed', async () => {
  bus.putRule({ name: 'sweep', scheduleExpression: 'rate(1 minute)', state: 'ENABLED' });
  bus.putTargets('sweep', [{ id: 'a', arn: FUNCTION }]);
  rule('all-scheduled', { eventPattern: '{"source":["aws.events"]}' });
  await clock.advance(180_500);
  expect(invoked).toHaveLength(3);
  expect(invoked[0]?.payload).toMatchObject({
    source: 'aws.events',
    'detail-type': 'Scheduled Event',
    resources: ['arn:aws:events:eu-central-1:123456789012:rule/sweep'],
    detail: {},
  });
  bus.setState('sweep', 'DISABLED');
  await clock.advance(300_000);
  expect(invoked).toHaveLength(3);
  bus.setState('sweep', 'ENABLED');
  await clock.advance(60_500);
  expect(invoked).toHaveLength(4);
  bus.close();
  await clock.advance(300_000);
  expect(invoked).toHaveLength(4);
});

const at = (text: string): number => Date.parse(text);
test.each([
  ['rate(5 minutes)', '2026-11-25T10:00:30Z', '2026-11-25T10:05:30Z'],
  ['rate(1 day)', '2026-11-25T10:00:00Z', '2026-11-26T10:00:00Z'],
  ['cron(0 12 * * ? *)', '2026-11-25T12:00:00Z', '2026-11-26T12:00:00Z'],
  ['cron(0/15 * * * ? *)', '2026-11-25T10:16:00Z', '2026-11-25T10:30:00Z'],
  ['cron(0 8 1 * ? *)', '2026-11-25T10:00:00Z', '2026-12-01T08:00:00Z'],
  ['cron(5,35 14 ? * MON-FRI *)', '2026-11-27T14:35:00Z', '2026-11-30T14:05:00Z'],
  ['cron(0 0 29 FEB ? *)', '2026-11-25T00:00:00Z', '2028-02-29T00:00:00Z'],
])('%s after %s is due %s', (expression, after, next) => {
  expect(parseSchedule(expression).next(at(after))).toBe(at(next));
});

test('a year that is over is never due', () => {
  expect(parseSchedule('cron(0 0 1 1 ? 2020)').next(at('2026-11-25T00:00:00Z'))).toBeUndefined();
});

test.each([
  'rate(1 minutes)',
  'rate(5 minute)',
  'rate(0 minutes)',
  'cron(0 12 * * * *)',
  'cron(60 12 * * ? *)',
  'cron(0 12 L * ? *)',
  'every day',
])('%s is no schedule', (expression) => {
  expect(() => parseSchedule(expression)).toThrow(SyntaxError);
});
