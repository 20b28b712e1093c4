import { DescribeScalingActivitiesCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { serveOne, setDesired, instanceIn } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('tells what was done and why, newest first, in pages', async () => {
  const InstanceId = await serveOne(target);
  await setDesired(target, 2);
  await instanceIn(target, 'Pending:Wait');
  const first = await target.autoScaling.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName: target.groupName, MaxRecords: 1 }),
  );
  expect(first.Activities).toHaveLength(1);
  expect(first.Activities?.[0]?.Cause).toMatch(
    /^At \S+Z a user request explicitly set group desired capacity changing the desired capacity from 1 to 2\.\s+At \S+Z an instance was (started|launched) in response to a difference between desired and actual capacity, increasing the capacity from 1 to 2\.$/,
  );
  const second = await target.autoScaling.send(
    new DescribeScalingActivitiesCommand({
      AutoScalingGroupName: target.groupName,
      MaxRecords: 1,
      NextToken: first.NextToken,
    }),
  );
  expect(second.Activities?.[0]).toMatchObject({
    Description: `Launching a new EC2 instance: ${InstanceId}`,
    StatusCode: 'Successful',
    Progress: 100,
  });
  expect(second.Activities?.[0]?.EndTime).toBeInstanceOf(Date);
});
