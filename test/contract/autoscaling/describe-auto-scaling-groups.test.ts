import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { describeGroup } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('describes a group with its sizes, hooks aside', async () => {
  const group = await describeGroup(target);
  expect(group).toMatchObject({
    AutoScalingGroupName: target.groupName,
    MinSize: 0,
    MaxSize: 4,
    HealthCheckType: 'EC2',
    InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
  });
  expect(group.AutoScalingGroupARN).toMatch(
    /^arn:aws[\w-]*:autoscaling:[\w-]+:\d{12}:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName\//,
  );
  expect(group.CreatedTime).toBeInstanceOf(Date);
  expect(group.AvailabilityZones?.length).toBeGreaterThan(0);
});

test('leaves out names that are unknown', async () => {
  const { AutoScalingGroups } = await target.autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['no-such-group-of-ours'] }),
  );
  expect(AutoScalingGroups).toEqual([]);
});

test('refuses a token that it has not given', async () => {
  const call = target.autoScaling.send(new DescribeAutoScalingGroupsCommand({ NextToken: 'nonsense' }));
  await expect(call).rejects.toMatchObject({ name: 'InvalidNextToken' });
});

test('filters by tags', async () => {
  const [tag] = (await describeGroup(target)).Tags ?? [];
  const named = async (value: string) => {
    const { AutoScalingGroups = [] } = await target.autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ Filters: [{ Name: `tag:${tag?.Key}`, Values: [value] }] }),
    );
    return AutoScalingGroups.map(({ AutoScalingGroupName }) => AutoScalingGroupName);
  };
  expect(await named(tag?.Value ?? '')).toContain(target.groupName);
  expect(await named('no-such-value-of-ours')).toEqual([]);
});
