import {
  DescribePoliciesCommand,
  PutScalingPolicyCommand,
  type StepAdjustment,
} from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

function put(StepAdjustments: StepAdjustment[]) {
  return target.autoScaling.send(
    new PutScalingPolicyCommand({
      AutoScalingGroupName: target.groupName,
      PolicyName: 'of-the-contract-suite',
      PolicyType: 'StepScaling',
      AdjustmentType: 'ChangeInCapacity',
      StepAdjustments,
    }),
  );
}

test('makes a policy, and replaces the one of the same name', async () => {
  const first = await put([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]);
  const second = await put([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 2 }]);
  expect(second.PolicyARN).toBe(first.PolicyARN);
  const { ScalingPolicies } = await target.autoScaling.send(
    new DescribePoliciesCommand({
      PolicyNames: [first.PolicyARN ?? ''],
      AutoScalingGroupName: target.groupName,
    }),
  );
  expect(ScalingPolicies?.[0]?.StepAdjustments).toEqual([
    { MetricIntervalLowerBound: 0, ScalingAdjustment: 2 },
  ]);
});

test('refuses steps with a gap', async () => {
  const call = put([
    { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 1, ScalingAdjustment: 1 },
    { MetricIntervalLowerBound: 2, ScalingAdjustment: 2 },
  ]);
  await expect(call).rejects.toMatchObject({ name: 'ValidationError' });
});
