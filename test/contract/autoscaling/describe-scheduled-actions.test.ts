import { DescribeScheduledActionsCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('describes recurring actions', async () => {
  const { ScheduledUpdateGroupActions = [] } = await target.autoScaling.send(
    new DescribeScheduledActionsCommand({ AutoScalingGroupName: target.groupName }),
  );
  expect(ScheduledUpdateGroupActions.length).toBeGreaterThan(0);
  expect(ScheduledUpdateGroupActions[0]?.Recurrence?.split(' ')).toHaveLength(5);
  expect(ScheduledUpdateGroupActions[0]?.AutoScalingGroupName).toBe(target.groupName);
});
