import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { startContractServices, type ContractServices } from '../contract-services';

let services: ContractServices;
let client: EventBridgeClient;
let Name: string;
beforeAll(async () => {
  services = await startContractServices();
  client = new EventBridgeClient(services.settings);
  Name = `${services.prefix}-rule`;
});
afterAll(async () => {
  client.destroy();
  await services.close();
});

const Arn = 'arn:aws:lambda:eu-central-1:123456789012:function:nobody';

test('a rule lives: made, described, listed, disabled, enabled, deleted', async () => {
  const EventPattern = JSON.stringify({ source: ['fleet.contract'] });
  const { RuleArn } = await client.send(
    new PutRuleCommand({ Name, EventPattern, Description: 'of a test', State: 'DISABLED' }),
  );
  expect(RuleArn).toMatch(new RegExp(`^arn:aws:events:[a-z0-9-]+:\\d{12}:rule/${Name}$`));

  expect(await client.send(new DescribeRuleCommand({ Name }))).toMatchObject({
    Name,
    Arn: RuleArn,
    EventPattern,
    Description: 'of a test',
    State: 'DISABLED',
    EventBusName: 'default',
  });
  await client.send(new EnableRuleCommand({ Name }));
  const { Rules } = await client.send(new ListRulesCommand({ NamePrefix: Name }));
  expect(Rules).toMatchObject([{ Name, Arn: RuleArn, State: 'ENABLED' }]);
  await client.send(new DisableRuleCommand({ Name }));
  expect(await client.send(new DescribeRuleCommand({ Name }))).toMatchObject({ State: 'DISABLED' });

  await client.send(new DeleteRuleCommand({ Name }));
  await client.send(new DeleteRuleCommand({ Name }));
  await expect(client.send(new DescribeRuleCommand({ Name }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: `Rule ${Name} does not exist on EventBus default.`,
  });
});

test('targets are put, replaced by id, listed and removed; a rule with targets stays', async () => {
  await client.send(new PutRuleCommand({ Name, ScheduleExpression: 'rate(1 day)', State: 'DISABLED' }));
  const RetryPolicy = { MaximumRetryAttempts: 8, MaximumEventAgeInSeconds: 1_800 };
  const put = await client.send(
    new PutTargetsCommand({
      Rule: Name,
      Targets: [
        { Id: 'a', Arn, RetryPolicy },
        { Id: 'b', Arn },
      ],
    }),
  );
  expect(put).toMatchObject({ FailedEntryCount: 0, FailedEntries: [] });
  await client.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'b', Arn, Input: '{"x":1}' }] }));

  const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name }));
  expect(Targets.sort((x, y) => (x.Id ?? '').localeCompare(y.Id ?? ''))).toMatchObject([
    { Id: 'a', Arn, RetryPolicy },
    { Id: 'b', Arn, Input: '{"x":1}' },
  ]);
  await expect(client.send(new DeleteRuleCommand({ Name }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: "Rule can't be deleted since it has targets.",
  });
  const removed = await client.send(new RemoveTargetsCommand({ Rule: Name, Ids: ['a', 'b'] }));
  expect(removed).toMatchObject({ FailedEntryCount: 0 });
  await client.send(new DeleteRuleCommand({ Name }));
});

test('a list goes on page by page', async () => {
  const names = ['1', '2', '3'].map((end) => `${Name}-${end}`);
  for (const name of names) {
    await client.send(
      new PutRuleCommand({ Name: name, ScheduleExpression: 'rate(1 day)', State: 'DISABLED' }),
    );
  }
  const first = await client.send(new ListRulesCommand({ NamePrefix: `${Name}-`, Limit: 2 }));
  expect(first.Rules?.map((rule) => rule.Name)).toEqual(names.slice(0, 2));
  const second = await client.send(
    new ListRulesCommand({ NamePrefix: `${Name}-`, Limit: 2, NextToken: first.NextToken }),
  );
  expect(second.Rules?.map((rule) => rule.Name)).toEqual(names.slice(2));
  expect(second.NextToken).toBeUndefined();
  for (const name of names) await client.send(new DeleteRuleCommand({ Name: name }));
});

test('events are taken or refused one by one', async () => {
  const good = { Source: 'fleet.contract', DetailType: 'Test', Detail: '{"a":1}' };
  const result = await client.send(
    new PutEventsCommand({
      Entries: [good, { ...good, Source: 'aws.autoscaling' }, { ...good, Detail: '{' }, { Source: 'x' }],
    }),
  );
  expect(result.FailedEntryCount).toBe(3);
  expect(result.Entries?.[0]).toEqual({ EventId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown });
  expect(result.Entries?.slice(1).map(({ ErrorCode }) => ErrorCode)).toEqual([
    'NotAuthorizedForSourceException',
    'MalformedDetail',
    'InvalidArgument',
  ]);
});

test.each([
  ['neither pattern nor schedule', {}, 'ValidationException'],
  ['a pattern that is none', { EventPattern: '{"source":"x"}' }, 'InvalidEventPatternException'],
  ['a pattern that is no JSON', { EventPattern: '{' }, 'InvalidEventPatternException'],
  ['a schedule that is none', { ScheduleExpression: 'rate(1 minutes)' }, 'ValidationException'],
  [
    'a bus that is not there',
    { ScheduleExpression: 'rate(1 day)', EventBusName: 'nobody' },
    'ResourceNotFoundException',
  ],
])('a rule with %s is refused', async (_what, more, name) => {
  await expect(client.send(new PutRuleCommand({ Name, ...more }))).rejects.toMatchObject({ name });
});

test('what concerns a rule that is not there is refused', async () => {
  const missing = { name: 'ResourceNotFoundException' };
  const Rule = `${Name}-nobody`;
  await expect(client.send(new EnableRuleCommand({ Name: Rule }))).rejects.toMatchObject(missing);
  await expect(client.send(new DisableRuleCommand({ Name: Rule }))).rejects.toMatchObject(missing);
  await expect(client.send(new ListTargetsByRuleCommand({ Rule }))).rejects.toMatchObject(missing);
  await expect(
    client.send(new PutTargetsCommand({ Rule, Targets: [{ Id: 'a', Arn }] })),
  ).rejects.toMatchObject(missing);
  await expect(client.send(new RemoveTargetsCommand({ Rule, Ids: ['a'] }))).rejects.toMatchObject(missing);
});
