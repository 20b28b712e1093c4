import { DescribePoliciesCommand } from '@aws-sdk/client-auto-scaling';
import { contractTarget, type ContractTarget } from '../contract-target';

let target: ContractTarget;
beforeEach(async () => {
  target = await contractTarget();
});
afterEach(() => target.close());

test('describes the step scaling policies of a group', async () => {
  const { ScalingPolicies = [] } = await target.autoScaling.send(
    new DescribePoliciesCommand({ AutoScalingGroupName: target.groupName, PolicyTypes: ['StepScaling'] }),
  );
  expect(ScalingPolicies.length).toBeGreaterThan(0);
  for (const policy of ScalingPolicies) {
    expect(policy).toMatchObject({
      AutoScalingGroupName: target.groupName,
      PolicyType: 'StepScaling',
      Enabled: true,
    });
    expect(policy.PolicyARN).toMatch(/:scalingPolicy:[0-9a-f-]{36}:autoScalingGroupName\/.+:policyName\/.+$/);
    expect(policy.StepAdjustments?.length).toBeGreaterThan(0);
  }
});
