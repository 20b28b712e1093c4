import { ExecutePolicyCommand, PutScalingPolicyCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';
import { describeGroup } from './group-steps';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('changes the desired capacity by the step of the given breach', async () => {
  const AutoScalingGroupName = target.groupName;
  await target.autoScaling.send(
    new PutScalingPolicyCommand({
      AutoScalingGroupName,
      PolicyName: 'of-the-contract-suite',
      PolicyType: 'StepScaling',
      AdjustmentType: 'ChangeInCapacity',
      StepAdjustments: [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 10, ScalingAdjustment: 2 },
      ],
    }),
  );
  await target.autoScaling.send(
    new ExecutePolicyCommand({
      AutoScalingGroupName,
      PolicyName: 'of-the-contract-suite',
      MetricValue: 75,
      BreachThreshold: 60,
    }),
  );
  expect((await describeGroup(target)).DesiredCapacity).toBe(2);
});

test('refuses a policy that does not exist', async () => {
  const call = target.autoScaling.send(
    new ExecutePolicyCommand({
      AutoScalingGroupName: target.groupName,
      PolicyName: 'no-such-policy',
      MetricValue: 75,
      BreachThreshold: 60,
    }),
  );
  await expect(call).rejects.toMatchObject({ name: 'ValidationError' });
});
